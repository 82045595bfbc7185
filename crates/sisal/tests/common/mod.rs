//! What the tests share: a runtime of each size, and a limit on every wait.

#![allow(dead_code, reason = "no test file uses all of it")]

pub(crate) mod cancel;
pub(crate) mod executor;

use sisal::runtime::Runtime;
use std::time::{Duration, Instant};

/// The numbers of workers on which each test runs.
pub(crate) const WORKERS: [usize; 3] = [1, 2, 4];

/// Runs `test` as the root fiber of a runtime of each size.
pub(crate) fn on_each_size(test: impl Fn() + Sync) {
    for workers in WORKERS {
        on(workers, &test);
    }
}

/// Runs `test` as the root fiber of a runtime with that many workers, which must end by itself.
pub(crate) fn on<T: Send>(workers: usize, test: impl FnOnce() -> T + Send) -> T {
    let runtime = Runtime::builder().workers(workers).build().unwrap();
    let result = runtime.run(test);
    runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
    result
}

/// Yields until `holds`, and fails if that takes too long.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "not within 10 s: {what}");
        sisal::sleep(Duration::from_micros(100));
    }
}
