//! What the reactor asks of the system besides mio: sharp waits, and waiting for one descriptor without a reactor.
//!
//! Knows nothing of sources. One file an operating system.

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod imp;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "other.rs"]
mod imp;

pub(crate) use imp::{INTERESTS, is_urgent, process_descriptor, sharpen_timers, turn};

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// Waits until `fd` has one of `events` (`POLLIN`, `POLLOUT`) or an error; `false` if `timeout` came first. May be
/// interrupted, which is an error here.
pub(crate) fn poll(fd: BorrowedFd<'_>, events: libc::c_short, timeout: Option<Duration>) -> io::Result<bool> {
    poll_with(fd, events, None, timeout)
}

/// [`poll`], which `bell` also ends, if that can be read from.
pub(crate) fn poll_with(
    fd: BorrowedFd<'_>,
    events: libc::c_short,
    bell: Option<BorrowedFd<'_>>,
    timeout: Option<Duration>,
) -> io::Result<bool> {
    // The system looks at no entry whose descriptor is negative.
    let bell = bell.map_or(-1, |bell| bell.as_raw_fd());
    let mut entries = [
        libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 },
        libc::pollfd { fd: bell, events: libc::POLLIN, revents: 0 },
    ];
    imp::poll(&mut entries, timeout)?;
    match entries[0].revents {
        revents if revents & libc::POLLNVAL != 0 => Err(io::Error::from_raw_os_error(libc::EBADF)),
        revents => Ok(revents != 0),
    }
}

/// No instruction. It only stops the optimiser from taking the function around it for a pure one.
#[inline(always)]
pub(crate) fn opaque() {
    // SAFETY: an empty template touches nothing.
    unsafe { std::arch::asm!("", options(nostack, preserves_flags)) };
}
