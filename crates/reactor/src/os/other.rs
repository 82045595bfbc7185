//! Other Unix systems: `kqueue` counts nanoseconds itself.

use mio::{Events, Interest, Poll};
use std::io;
use std::time::Duration;

/// What every source is registered for.
pub(crate) const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// Whether the event tells of urgent data.
pub(crate) fn is_urgent(_event: &mio::event::Event) -> bool {
    false
}

/// Nothing to do.
pub(crate) fn sharpen_timers() {}

/// Fills `events`, after waiting `timeout` at the most.
pub(crate) fn turn(poll: &mut Poll, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
    poll.poll(events, timeout)
}

/// `poll(2)` of one descriptor, in milliseconds, rounded up; whether it has anything.
pub(super) fn poll(entries: &mut [libc::pollfd], timeout: Option<Duration>) -> io::Result<bool> {
    let limit = timeout
        .map_or(-1, |timeout| timeout.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(libc::c_int::MAX));
    // SAFETY: one entry.
    match unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, limit) } {
        -1 => Err(io::Error::last_os_error()),
        count => Ok(count > 0),
    }
}

/// These systems have none.
pub(crate) fn process_descriptor(_pid: u32) -> io::Result<std::os::fd::OwnedFd> {
    Err(io::ErrorKind::Unsupported.into())
}
