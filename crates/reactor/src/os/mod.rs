//! What the reactor asks of the system besides mio: sharp waits, and waiting for one descriptor without a reactor.
//!
//! Knows nothing of sources. One file an operating system.

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "linux.rs"]
mod imp;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[path = "other.rs"]
mod imp;

pub(crate) use imp::{INTERESTS, is_urgent, sharpen_timers, turn};

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// Waits until `fd` has one of `events` (`POLLIN`, `POLLOUT`) or an error; `false` if `timeout` came first. May be
/// interrupted, which is an error here.
pub(crate) fn poll(fd: BorrowedFd<'_>, events: libc::c_short, timeout: Option<Duration>) -> io::Result<bool> {
    let mut entry = libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 };
    let found = imp::poll(&mut entry, timeout)?;
    if entry.revents & libc::POLLNVAL != 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    Ok(found)
}

/// No instruction. It only stops the optimiser from taking the function around it for a pure one.
#[inline(always)]
pub(crate) fn opaque() {
    // SAFETY: an empty template touches nothing.
    unsafe { std::arch::asm!("", options(nostack, preserves_flags)) };
}
