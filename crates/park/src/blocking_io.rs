//! A blocking call that owns what it needs, so that the wait for it can be ended: files, names of hosts, child processes.
//!
//! Knows nothing of threads; the agent has it run. Who waits and the call share one record. Whoever comes last frees it, and
//! with it a result that nobody has waited for.

use crate::{Cancellable, Completion, Outcome, Reason, cancel, with_current};
use sisal_base::sync::{Arc, Mutex};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

struct Call<T> {
    done: Completion,
    result: Mutex<Option<std::thread::Result<io::Result<T>>>>,
}

/// Runs `f` where it may block its OS thread: on a fiber elsewhere, on a bare thread right here. The difference to
/// [`blocking`](crate::blocking): a cancel or a deadline around the caller ends the wait; the call goes on by itself, and its
/// result is dropped.
///
/// ```
/// let text = sisal_park::blocking_io(|| std::fs::read_to_string("Cargo.toml"))?;
/// assert!(text.contains("[package]"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of `f`; [`TimedOut`](io::ErrorKind::TimedOut) after a deadline, [`Other`](io::ErrorKind::Other) with the text
/// "cancelled" after a cancel, also if that was before the call, which is then not made.
///
/// # Panics
/// With the panic of `f`.
pub fn blocking_io<T, F>(f: F) -> io::Result<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    cancel::check()?;
    let call = Arc::new(Call { done: Completion::new(), result: Mutex::new(None) });
    let told = Arc::clone(&call);
    let job = move || {
        *told.result.lock() = Some(catch_unwind(AssertUnwindSafe(f)));
        if let Some(waker) = told.done.complete() {
            waker.wake();
        }
    };
    with_current(|agent| agent.submit_blocking(Box::new(job)));
    while !call.done.is_done() {
        // SAFETY: one agent waits.
        match with_current(|agent| unsafe {
            call.done.wait(agent, None, Reason::Blocking, Cancellable::Always)
        }) {
            Outcome::Woken => {}
            Outcome::TimedOut => return Err(io::ErrorKind::TimedOut.into()),
            Outcome::Cancelled(cause) => return Err(cause.into()),
        }
    }
    let result = call.result.lock().take();
    match result.expect("a call that is done has left its result") {
        Ok(result) => result,
        Err(payload) => resume_unwind(payload),
    }
}
