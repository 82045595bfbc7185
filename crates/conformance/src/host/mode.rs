//! On what a test runs: OS threads, fibers, both, or simulations.
//!
//! Knows nothing of the test. The mode is the process's, from its environment: one test a process.

use super::home;
use std::env;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What a test's body and its threads become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Everything stays on OS threads, without a runtime.
    Os,
    /// Everything is a fiber.
    Fibers,
    /// The body is a fiber; of what it spawns every other one is a fiber, the rest are OS threads.
    Mixed,
    /// Everything is a fiber of a simulation, in one after another.
    Sim,
}

/// In so many simulations a test runs.
const SEEDS: u64 = 20;

/// The mode of this process.
///
/// # Panics
/// If `CONFORMANCE_MODE` is none of `os`, `fibers`, `mixed`, `sim`.
pub(crate) fn mode() -> Mode {
    static MODE: LazyLock<Mode> = LazyLock::new(|| match env::var("CONFORMANCE_MODE").as_deref() {
        Ok("os") => Mode::Os,
        Ok("fibers") => Mode::Fibers,
        Ok("mixed") => Mode::Mixed,
        Ok("sim") => Mode::Sim,
        other => panic!("CONFORMANCE_MODE is {other:?}: it is os, fibers, mixed or sim"),
    });
    *MODE
}

/// Whether the next spawned one is a fiber.
pub(crate) fn next_is_fiber() -> bool {
    static SPAWNED: AtomicUsize = AtomicUsize::new(0);
    match mode() {
        Mode::Os => false,
        Mode::Fibers | Mode::Sim => true,
        Mode::Mixed => SPAWNED.fetch_add(1, Ordering::Relaxed) % 2 == 1,
    }
}

/// The first line of every generated test: `if enter(name) { return; }`. Called from outside, it runs the test as the mode
/// says, and gives `true`; called by that run, it gives `false`, and the test's body follows.
pub fn enter(test: fn()) -> bool {
    static INSIDE: AtomicBool = AtomicBool::new(false);
    if INSIDE.swap(true, Ordering::Relaxed) {
        return false;
    }
    match mode() {
        Mode::Os => test(),
        Mode::Fibers | Mode::Mixed => sisal::run(|| home::keep(test)),
        Mode::Sim => {
            // Some tests leave threads behind.
            let builder = sisal::sim::Builder::new().allow_leaks(true);
            (0..SEEDS).for_each(|seed| builder.run(seed, || home::keep(test)).0);
        }
    }
    INSIDE.store(false, Ordering::Relaxed);
    true
}
