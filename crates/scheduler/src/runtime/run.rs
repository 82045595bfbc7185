//! From a bare thread into a fiber and back.
//!
//! Knows nothing of which runtime it is.

use super::{Handle, current_handle, default_runtime};
use crate::current::with_worker;
use crate::deadlock::RootEnd;
use crate::spawn;
use std::panic::resume_unwind;
use std::sync::Arc;

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
    match with_worker(|worker| worker.is_some_and(|worker| worker.sim().is_some())) {
        false => run_on(default_runtime(), f),
        // A simulation stands for the default runtime.
        true => run_on(&current_handle(), f),
    }
}

#[track_caller]
pub(super) fn run_on<F, T>(runtime: &Handle, f: F) -> T
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    let builder = spawn::Builder::new().root();
    let crew = runtime.crew();
    let is_counted = crew.limits.detect_deadlock && with_worker(|worker| worker.is_none());
    let end = is_counted.then(|| RootEnd(Arc::clone(crew)));
    let f = move || {
        let _end = end;
        f()
    };
    // SAFETY: `Send`; and `join` below returns only when the fiber has ended, so what `f` borrows lives until then.
    let spawned = unsafe { builder.spawn_unchecked(f, (), Some(crew)) };
    if is_counted {
        // Only now, see `deadlock`; and if there is no fiber, what was to be its end has acted already.
        crew.runners.enter();
    }
    let handle = match spawned {
        Ok(handle) => handle,
        Err(error) => panic!("cannot run a fiber: {error}"),
    };
    handle.join().unwrap_or_else(|payload| resume_unwind(payload))
}
