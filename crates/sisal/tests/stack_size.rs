//! The size of fibers' stacks: by the runtime's builder, by `SISAL_STACK_SIZE`, by the fiber's builder; what is out of bounds
//! is an error with the figure and both limits.
//!
//! Method: fibers that use much of what they asked for; children for the variable.

use sisal::fiber;
use sisal::runtime::Runtime;
use std::io;
use std::process::Command;

const CHILD: &str = "SISAL_TEST_STACK_SIZE";

#[inline(never)]
fn use_stack<const BYTES: usize>() -> usize {
    let bytes = [std::hint::black_box(1_u8); BYTES];
    std::hint::black_box(&bytes).iter().map(|byte| usize::from(*byte)).sum()
}

fn assert_names_limits(error: &io::Error, figure: &str) {
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    let text = error.to_string();
    for part in [figure, "24 KiB", "1 TiB"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn of_one_fiber_and_of_a_runtime() {
    let runtime = Runtime::builder().workers(1).stack_size(200_000).build().unwrap();
    assert_eq!(runtime.spawn(use_stack::<190_000>).join().unwrap(), 190_000);
    let large = fiber::Builder::new().stack_size(1_000_000).spawn_on(runtime.handle(), use_stack::<950_000>);
    assert_eq!(large.unwrap().join().unwrap(), 950_000);
}

/// What libraries need that recurse: unoptimised, `serde_json` at its limit of 128 levels takes 204 KB, `regex` 124 KB for
/// an ordinary expression; optimised, 32 and 24.
#[test]
fn of_who_says_nothing() {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    if cfg!(debug_assertions) {
        assert_eq!(runtime.spawn(use_stack::<230_000>).join().unwrap(), 230_000);
    } else {
        assert_eq!(runtime.spawn(use_stack::<50_000>).join().unwrap(), 50_000);
    }
}

#[test]
fn out_of_bounds() {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    for bytes in [0, 24 * 1024 - 1, usize::MAX] {
        let figure = bytes.to_string();
        assert_names_limits(&Runtime::builder().stack_size(bytes).build().unwrap_err(), &figure);
        let fiber = fiber::Builder::new().stack_size(bytes).spawn_on(runtime.handle(), || ());
        assert_names_limits(&fiber.unwrap_err(), &figure);
    }
}

/// Runs `body` in a child with the variable set to `value`.
fn with_variable(test: &str, value: &str, body: impl FnOnce()) {
    if let Some(now) = std::env::var_os(CHILD) {
        if now == value {
            body();
        }
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, value)
        .env("SISAL_STACK_SIZE", value)
        .output()
        .unwrap();
    assert!(child.status.success(), "{value}: {}", String::from_utf8_lossy(&child.stderr));
}

#[test]
fn by_the_variable() {
    let test = "by_the_variable";
    with_variable(test, "250000", || {
        assert_eq!(fiber::spawn(use_stack::<200_000>).join().unwrap(), 200_000);
    });
    with_variable(test, "1000", || assert_names_limits(&Runtime::new().unwrap_err(), "1000"));
    with_variable(test, "large", || {
        let text = Runtime::new().unwrap_err().to_string();
        assert!(text.contains("SISAL_STACK_SIZE") && text.contains("large"), "{text}");
    });
}
