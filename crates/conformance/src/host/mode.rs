//! On what a test runs: OS threads, fibers, or both.
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
}

/// The mode of this process.
///
/// # Panics
/// If `CONFORMANCE_MODE` is none of `os`, `fibers`, `mixed`.
pub(crate) fn mode() -> Mode {
    static MODE: LazyLock<Mode> = LazyLock::new(|| match env::var("CONFORMANCE_MODE").as_deref() {
        Ok("os") => Mode::Os,
        Ok("fibers") => Mode::Fibers,
        Ok("mixed") => Mode::Mixed,
        other => panic!("CONFORMANCE_MODE is {other:?}: it is os, fibers or mixed"),
    });
    *MODE
}

/// Whether the next spawned one is a fiber.
pub(crate) fn next_is_fiber() -> bool {
    static SPAWNED: AtomicUsize = AtomicUsize::new(0);
    match mode() {
        Mode::Os => false,
        Mode::Fibers => true,
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
    }
    INSIDE.store(false, Ordering::Relaxed);
    true
}
