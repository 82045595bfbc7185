//! Linux: `epoll_wait` counts milliseconds, so the end of a timed wait is slept in `ppoll`, which counts nanoseconds.
//!
//! Two things blunt a timed wait. mio rounds it up to whole milliseconds. And the kernel may be late by the thread's timer
//! slack (50 µs, unless told otherwise) or by a thousandth of the wait, whichever is more. So:
//!
//! ```text
//!  long (LONG_MIN or more)      ├── epoll_wait: all but a 500th and 1 ms ──┤├ ppoll ┤   an event in the first part,
//!                                                                                      which is the common case, costs
//!  short                        ├──────────────── ppoll ──────────────────┤            one system call
//! ```
//!
//! `epoll_pwait2` would do it in one call, but it fills its own kind of buffer, which mio's events cannot be made from.

use mio::{Events, Interest, Poll};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// Waits from here on are worth a blunt first part. Below it the kernel's thousandth is less than 20 µs.
const LONG_MIN: Duration = Duration::from_millis(20);

/// What of a long wait is slept sharply: twice what the kernel may be late by, and what mio rounds up.
const SHARP_DIVISOR: u32 = 500;
const SHARP_MIN: Duration = Duration::from_millis(1);

/// What every source is registered for. Urgent data is not waited for, but must be known of: a read stops before it.
pub(crate) const INTERESTS: Interest = Interest::READABLE.add(Interest::WRITABLE).add(Interest::PRIORITY);

/// Whether the event tells of urgent data.
pub(crate) fn is_urgent(event: &mio::event::Event) -> bool {
    event.is_priority()
}

/// A descriptor that stands for the process of that number, and can be read from once that has ended.
pub(crate) fn process_descriptor(pid: u32) -> io::Result<OwnedFd> {
    // SAFETY: two numbers; no memory is touched.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0) };
    if result >= 0 {
        // SAFETY: the kernel has just given it to us.
        return Ok(unsafe { OwnedFd::from_raw_fd(result as RawFd) });
    }
    match io::Error::last_os_error() {
        // A sandbox that does not know the call.
        error if error.raw_os_error() == Some(libc::EPERM) => Err(io::ErrorKind::Unsupported.into()),
        error => Err(error),
    }
}

/// Makes this thread's timed waits end within the microsecond, where the default is 50.
pub(crate) fn sharpen_timers() {
    // SAFETY: sets a number of the calling thread. A kernel that refuses leaves it as it was.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong) };
}

/// Fills `events`, after waiting `timeout` at the most.
pub(crate) fn turn(poll: &mut Poll, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
    let mut left = match timeout {
        Some(timeout) if !timeout.is_zero() => timeout,
        blunt => return poll.poll(events, blunt),
    };
    while left >= LONG_MIN {
        let start = Instant::now();
        let blunt = (left - left / SHARP_DIVISOR - SHARP_MIN).as_millis();
        // Whole milliseconds, which mio does not round up.
        poll.poll(events, Some(Duration::from_millis(blunt.try_into().unwrap_or(u64::MAX))))?;
        if !events.is_empty() {
            return Ok(());
        }
        left = left.saturating_sub(start.elapsed());
    }
    let mut entry = libc::pollfd { fd: poll.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    if self::poll(std::slice::from_mut(&mut entry), Some(left))? {
        poll.poll(events, Some(Duration::ZERO))?;
    } else {
        events.clear();
    }
    Ok(())
}

/// `ppoll(2)`; whether any of the descriptors has anything.
pub(super) fn poll(entries: &mut [libc::pollfd], timeout: Option<Duration>) -> io::Result<bool> {
    let limit = timeout.map(|timeout| libc::timespec {
        tv_sec: timeout.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: so many entries, and a limit that outlives the call or none; no signal mask.
    match unsafe { libc::ppoll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, limit, std::ptr::null()) }
    {
        -1 => Err(io::Error::last_os_error()),
        count => Ok(count > 0),
    }
}
