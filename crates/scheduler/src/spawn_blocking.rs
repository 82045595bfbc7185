//! A call that blocks, begun now and joined later.
//!
//! Knows nothing of the pool's threads.

use crate::handle::JoinHandle;
use crate::spawn::spawn;

/// Runs `f` on the blocking pool, and gives the handle to its result at once. The difference to
/// [`blocking`](crate::blocking), which waits: `f` owns what it needs, so whoever holds the handle may wait, look
/// ([`is_finished`](JoinHandle::is_finished)) or drop it. A call that has begun is never cut short.
///
/// A fiber stands for the call meanwhile, so it counts as one.
///
/// # Panics
/// As [`spawn`].
///
/// ```
/// let text = sisal_scheduler::spawn_blocking(|| std::fs::read_to_string("Cargo.toml"));
/// assert!(text.join().unwrap().unwrap().contains("[package]"));
/// ```
#[track_caller]
pub fn spawn_blocking<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn(move || sisal_park::blocking(f))
}
