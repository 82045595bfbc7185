//! Asserts that a started fiber stays on its worker.
//!
//! Looks at the OS thread's id at the fiber's start, at every call of [`thread`](crate::thread), and at its end. (That a
//! started fiber never even stands where it could be stolen, the scheduler asserts itself in builds with assertions.)

use std::cell::Cell;
use std::thread::{ThreadId, current};

sisal::fiber_local! {
    static HOME: Cell<Option<ThreadId>> = Cell::new(None);
}

/// Runs the body of a fiber, and watches where it is.
///
/// # Panics
/// If it does not run on a fiber, or is on another OS thread than at its start.
pub(crate) fn keep<T>(body: impl FnOnce() -> T) -> T {
    assert!(sisal::fiber::current().home().is_some(), "this was to run on a fiber");
    HOME.with(|home| home.set(Some(current().id())));
    let result = body();
    check();
    result
}

/// # Panics
/// If the running fiber is on another OS thread than at its start.
pub(crate) fn check() {
    if let Some(home) = HOME.with(Cell::get) {
        assert_eq!(home, current().id(), "a started fiber has changed its OS thread");
    }
}
