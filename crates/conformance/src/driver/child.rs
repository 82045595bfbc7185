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
    /// The suite that has it, if not all have.
    only: Option<&'static str>,
    /// Tests that say nothing in it, and why.
    pub(crate) left_out: &'static [(&'static str, &'static str)],
}

const fn mode(name: &'static str, host: &'static str, workers: usize) -> Mode {
    Mode { name, host, workers, only: None, left_out: &[] }
}

impl Mode {
    /// Whether that suite runs in it.
    pub(crate) fn suits(self, suite: &str) -> bool {
        self.only.is_none_or(|only| only == suite)
    }
}

const FD: &str = "a simulated socket has no descriptor";
const PIECES: &str = "what is written at once may arrive in pieces, in a simulation even a few bytes";
const CLOCK: &str = "it measures the real time";

/// Left out of simulations.
const NOT_SIMULATED: &[(&str, &str)] = &[
    ("tcp::debug", FD),
    ("udp::debug", FD),
    ("tcp::peek", PIECES),
    ("tcp::read_vectored", PIECES),
    ("tcp::write_vectored", PIECES),
    ("tcp::test_read_timeout", CLOCK),
    ("tcp::test_read_with_timeout", CLOCK),
    ("udp::test_read_timeout", CLOCK),
    ("udp::test_read_with_timeout", CLOCK),
];

/// Every mode.
pub(crate) const MODES: &[Mode] = &[
    mode("os", "os", 1),
    mode("fibers-1", "fibers", 1),
    mode("fibers-2", "fibers", 2),
    mode("fibers-4", "fibers", 4),
    mode("mixed", "mixed", 2),
    // The others measure the real time, which a simulation does not keep.
    Mode { only: Some("std-net"), left_out: NOT_SIMULATED, ..mode("sim", "sim", 2) },
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
