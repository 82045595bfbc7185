//! One test in a process of its own, under a limit of memory and of time.
//!
//! Knows nothing of suites.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// On what a test runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mode {
    pub(crate) name: &'static str,
    host: &'static str,
    workers: usize,
}

/// Every mode.
pub(crate) const MODES: &[Mode] = &[
    Mode { name: "os", host: "os", workers: 1 },
    Mode { name: "fibers-1", host: "fibers", workers: 1 },
    Mode { name: "fibers-2", host: "fibers", workers: 2 },
    Mode { name: "fibers-4", host: "fibers", workers: 4 },
    Mode { name: "mixed", host: "mixed", workers: 2 },
];

/// What a test may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    /// Of address space, in KiB, as `ulimit -v` counts.
    pub(crate) memory_kib: u64,
}

/// How it ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    /// With what it printed.
    Failed(String),
}

/// Between two looks whether the child has ended.
const LOOK: Duration = Duration::from_millis(2);

/// Runs a test. `scratch` is a file for what it prints.
///
/// # Errors
/// If the child cannot be started or watched.
pub(crate) fn run(
    program: &Path,
    test: &str,
    mode: Mode,
    limits: Limits,
    scratch: &Path,
) -> std::io::Result<Outcome> {
    let printed = File::create(scratch)?;
    let start = Instant::now();
    let mut child = Command::new("sh")
        .args(["-c", r#"ulimit -v "$0" && exec "$@""#])
        .arg(limits.memory_kib.to_string())
        .arg(program)
        .args([test, "--exact", "--include-ignored", "--nocapture"])
        .env("CONFORMANCE_MODE", mode.host)
        .env("SISAL_WORKERS", mode.workers.to_string())
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null())
        .stdout(printed.try_clone()?)
        .stderr(printed)
        .spawn()?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if start.elapsed() > limits.time {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(LOOK);
    };
    let text = String::from_utf8_lossy(&fs::read(scratch)?).into_owned();
    Ok(match status {
        // "1 passed" too: a name that matches no test must not count.
        Some(status) if status.success() && text.contains("ok. 1 passed") => Outcome::Passed,
        Some(status) => Outcome::Failed(format!("{text}{status}\n")),
        None => Outcome::Failed(format!("{text}did not end within {} s\n", limits.time.as_secs())),
    })
}
