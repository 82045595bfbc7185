//! From a bare thread into a fiber and back.
//!
//! Knows nothing of which runtime it is.

use super::{Handle, default_runtime};
use crate::spawn;
use std::panic::resume_unwind;

/// Runs `f` as a fiber of the default runtime, and waits for its end: a bare thread blocks, a fiber parks. `f` may borrow.
/// Other fibers are not waited for: they go on, and die with the process, as goroutines do.
///
/// # Panics
/// With the panic of `f`; or if the default runtime cannot be started.
///
/// ```
/// let words = vec!["green", "threads"];
/// let total = sisal_scheduler::run(|| words.iter().map(|word| word.len()).sum::<usize>());
/// assert_eq!(total, 12);
/// ```
#[track_caller]
pub fn run<F, T>(f: F) -> T
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    run_on(default_runtime(), f)
}

#[track_caller]
pub(super) fn run_on<F, T>(runtime: &Handle, f: F) -> T
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    let builder = spawn::Builder::new().root();
    // SAFETY: `Send`; and `join` below returns only when the fiber has ended, so what `f` borrows lives until then.
    let handle = match unsafe { builder.spawn_unchecked(f, (), Some(runtime.crew())) } {
        Ok(handle) => handle,
        Err(error) => panic!("cannot run a fiber: {error}"),
    };
    handle.join().unwrap_or_else(|payload| resume_unwind(payload))
}
