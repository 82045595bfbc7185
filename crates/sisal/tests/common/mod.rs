//! What the tests share: a runtime of each size, simulations of each size, and a limit on every wait.

#![allow(dead_code, unused_imports, unused_macros, reason = "no test file uses all of it")]

pub(crate) mod cancel;
pub(crate) mod executor;
pub(crate) mod hosts;
pub(crate) mod turns;

use sisal::runtime::Runtime;
use sisal::sim;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// The numbers of workers on which each test runs.
pub(crate) const WORKERS: [usize; 3] = [1, 2, 4];

/// Seeds of a test in simulations, of all sizes together, if `SISAL_SEEDS` says nothing else.
const SEEDS: u64 = 30;

/// More than any of them takes.
const TURNS: u64 = 200_000;

thread_local! {
    static SIMULATES: Cell<bool> = const { Cell::new(false) };
}

/// Tests of the file that hold in simulations as well: their very bodies, once more, under their names in a module of its own.
/// `SISAL_SEEDS=3000 cargo test -p sisal in_simulations` runs them all, with so many seeds each.
macro_rules! in_simulations {
    ($($test:ident),+ $(,)?) => {
        mod in_simulations {
            $(
                #[test]
                fn $test() {
                    super::common::simulate(super::$test);
                }
            )+
        }
    };
}
pub(crate) use in_simulations;

/// Runs `test`, whose body is one [`on_each_size`], in simulations.
pub(crate) fn simulate(test: fn()) {
    SIMULATES.set(true);
    test();
}

/// How much of something: less in a simulation, where few are as good as many, and seeds are better than both.
pub(crate) fn some<T>(real: T, simulated: T) -> T {
    if sim::is_running() { simulated } else { real }
}

/// Runs `test` as the root fiber of a runtime of each size.
pub(crate) fn on_each_size(test: impl Fn() + Sync) {
    if SIMULATES.get() {
        let seeds = std::env::var("SISAL_SEEDS")
            .map_or(SEEDS, |seeds| seeds.parse().expect("SISAL_SEEDS is a number"));
        let share = seeds.div_ceil(WORKERS.len() as u64);
        for (index, workers) in (0..).zip(WORKERS) {
            sim::Builder::new()
                .workers(workers)
                .turns_max(TURNS)
                .explore(index * share..(index + 1) * share, &test);
        }
        return;
    }
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
