//! Waiting for a process to end, without a thread that sleeps in `waitpid`.
//!
//! Knows nothing of how the process was started, nor of its exit status, which whoever started it then fetches.

use crate::{os, wait_readable};
use std::io;
use std::time::Instant;

/// Waits until the child process of that number has ended. Its status is left for its parent to fetch, which must not have
/// done so before: the number could be another's by then.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let mut child = std::process::Command::new("true").spawn()?;
/// match sisal_reactor::wait_exit(child.id(), None) {
///     Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {}
///     result => result?,
/// }
/// assert!(child.wait()?.success());
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Unsupported`](io::ErrorKind::Unsupported) if the system has no descriptors for processes (Linux has them from 5.3
/// on), and those of [`Source::wait`](crate::Source::wait).
pub fn wait_exit(pid: u32, deadline: Option<Instant>) -> io::Result<()> {
    wait_readable(os::process_descriptor(pid)?, deadline)
}
