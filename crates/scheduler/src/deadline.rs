//! Deadlines around a piece of code, and the code that is spared them.
//!
//! Knows nothing of how waits end; that is `sisal-park`'s.

use sisal_park::{cancel, with_current};
use std::fmt;
use std::time::{Duration, Instant};

/// Runs `f`, in which waits end at `deadline`: I/O with [`TimedOut`](std::io::ErrorKind::TimedOut), channel operations with
/// their errors for a timeout or a disconnect; one `park`, `sleep` or wait on a condition variable returns early. Locks,
/// joins, barriers and `blocking` really wait. Of nested deadlines the nearest counts. Fibers of a
/// [`scope`](crate::scope()) inside have the same deadline, others have none.
///
/// Nothing is unwound: `f` goes on with the error, and its result is what this returns.
///
/// ```
/// use std::time::{Duration, Instant};
/// let start = Instant::now();
/// sisal_scheduler::with_deadline(start + Duration::from_millis(5), || {
///     sisal_scheduler::sleep(Duration::from_secs(60));
///     assert!(sisal_scheduler::is_cancelled());
/// });
/// assert!(start.elapsed() < Duration::from_secs(30));
/// ```
pub fn with_deadline<T>(deadline: Instant, f: impl FnOnce() -> T) -> T {
    cancel::with_deadline(deadline, f).0
}

/// The time of a [`timeout`] was over, and has ended something in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the timeout has elapsed")
    }
}

impl std::error::Error for Elapsed {}

/// [`with_deadline`] after `duration` from now, which also says whether that deadline has ended something: a wait, or a loop that asked
/// [`is_cancelled`](crate::is_cancelled). A value that came without that is never lost, however late it is.
///
/// # Errors
/// If the time was over and has ended something in `f`, whose value is dropped.
///
/// ```
/// use sisal_scheduler::{sleep, timeout};
/// use std::time::Duration;
/// assert_eq!(timeout(Duration::from_secs(60), || 7), Ok(7));
/// assert!(timeout(Duration::from_millis(1), || sleep(Duration::from_secs(60))).is_err());
/// ```
pub fn timeout<T>(duration: Duration, f: impl FnOnce() -> T) -> Result<T, Elapsed> {
    // A deadline that no clock can show is none.
    let Some(deadline) = with_current(|agent| agent.now()).checked_add(duration) else { return Ok(f()) };
    match cancel::with_deadline(deadline, f) {
        (_, true) => Err(Elapsed(())),
        (value, false) => Ok(value),
    }
}

/// Runs `f`, which neither a cancel nor a deadline from outside reaches: for what has to be done in any case.
///
/// ```
/// use sisal_scheduler::{is_cancelled, shield, with_deadline};
/// use std::time::Instant;
/// with_deadline(Instant::now(), || {
///     assert!(is_cancelled());
///     shield(|| assert!(!is_cancelled()));
/// });
/// ```
pub fn shield<T>(f: impl FnOnce() -> T) -> T {
    cancel::shield(f)
}
