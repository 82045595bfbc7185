//! Goal: a program that is built with `panic = "abort"` runs, and what is suspended when it is dropped is leaked and counted,
//! since unwinding it would end the process.
//! Method: a package of its own, built with that profile by the same cargo from the same lock file, and run.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

const MANIFEST: &str = r#"
[package]
name = "abort-build"
version = "0.0.0"
edition = "2024"

[dependencies]
sisal = { path = "SISAL" }
sisal-coro = { path = "SISAL/../coro" }

[profile.dev]
panic = "abort"
debug = false

[workspace]
"#;

const PROGRAM: &str = r#"
use sisal::runtime::Runtime;
use sisal::{channel, coroutine, fiber, go, time};
use std::time::{Duration, Instant};

struct EndsTheProcess;

impl Drop for EndsTheProcess {
    fn drop(&mut self) {
        unreachable!("nothing is unwound");
    }
}

fn main() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let leaked = || sisal_coro::Pool::global().stats().leaked;
    runtime.run(|| {
        // Cancel is a value, so it needs no unwinding.
        fiber::scope(|s| {
            (0..10).for_each(|_| drop(s.spawn(|| channel::never::<()>().recv().unwrap_err())));
            fiber::yield_now();
            s.cancel();
        });
        assert!(time::timeout(Duration::from_millis(1), fiber::park).is_err());
        let before = leaked();
        let mut suspended = coroutine::iter(|yielder| {
            let _ends = EndsTheProcess;
            yielder.yield_(1);
        });
        assert_eq!(suspended.next(), Some(1));
        drop(suspended);
        assert_eq!(leaked(), before + 1);
        assert_eq!(go!(|| 3).join().unwrap(), 3);
    });
    runtime.spawn(|| {
        let _ends = EndsTheProcess;
        loop {
            fiber::park();
        }
    });
    let start = Instant::now();
    while runtime.handle().live_fibers() < 1 && start.elapsed() < Duration::from_secs(10) {
        std::thread::yield_now();
    }
    let still_running = runtime.shutdown_timeout(Duration::from_millis(20)).unwrap_err();
    assert_eq!(still_running.fibers.len(), 1);
    println!("all is well");
}
"#;

#[test]
fn what_is_suspended_is_leaked_and_counted() {
    let sisal = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("abort-build");
    fs::create_dir_all(package.join("src")).unwrap();
    fs::write(package.join("Cargo.toml"), MANIFEST.replace("SISAL", sisal.to_str().unwrap())).unwrap();
    fs::write(package.join("src/main.rs"), PROGRAM).unwrap();
    fs::copy(sisal.join("../../Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(&package)
        .env("CARGO_TARGET_DIR", package.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("all is well"), "{said}\n{errors}");
}
