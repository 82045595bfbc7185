//! Runs a model in a child process with a mutant switched on: a model that fails may abort or hang.
//!
//! Knows nothing of which mutants there are.

use crate::harness::{FAILED_IN, REACHED, SURVIVED};
use std::env;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A child that takes longer hangs. The slowest model takes a tenth of it.
const LIMIT: Duration = Duration::from_secs(120);

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The model failed in its so many-th execution, and its mutant's place was executed.
    Killed(usize),
    /// The model passed.
    Survived,
    /// The model never came to the mutant's place, or there is no such mutant or model.
    NotReached,
    /// The model did not end.
    Hung,
}

/// The name of the test that runs a model: its file, and the function in it.
pub fn test_of(model: &str) -> String {
    format!("{model}::holds")
}

/// Runs this very test binary again, with `model` alone and `mutant` switched on.
pub fn run(mutant: &str, model: &str) -> Verdict {
    let mut child = Command::new(env::current_exe().expect("the path of this program"))
        .args(["--exact", &test_of(model), "--nocapture", "--test-threads=1"])
        .env("SISAL_FAULT", mutant)
        .env("RUST_BACKTRACE", "0")
        .env_remove("RUST_TEST_THREADS")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this program runs again");
    let mut errors = child.stderr.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = errors.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child's status") {
            break Some(status);
        }
        if started.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = reader.join().expect("the child's words");
    if !text.contains(REACHED) {
        return Verdict::NotReached;
    }
    match status {
        None => Verdict::Hung,
        Some(status) if status.success() || text.contains(SURVIVED) => Verdict::Survived,
        Some(_) => Verdict::Killed(number_behind(FAILED_IN, &text).unwrap_or(0)),
    }
}

fn number_behind(words: &str, text: &str) -> Option<usize> {
    let rest = text.split_once(words)?.1;
    rest.lines().next()?.trim().parse().ok()
}
