//! Waiting for descriptors that belong to others: pipes, devices, sockets of C libraries.
//!
//! Knows nothing of sisal's sockets, which keep a [`Source`] for as long as they live.

use crate::{Interest, Source, ambient, blunt, os};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// Waits until `fd` can be read from: data, an end or an error. Returns at once if that is so already, also for
/// files, which are always ready.
///
/// Whether `fd` is blocking makes no difference and is not changed.
///
/// ```
/// use std::io::Write;
/// # fn main() -> std::io::Result<()> {
/// let (reader, mut writer) = std::os::unix::net::UnixStream::pair()?;
/// writer.write_all(b"x")?;
/// sisal_reactor::wait_readable(&reader, None)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`Source::wait`].
pub fn wait_readable(fd: impl AsFd, deadline: Option<Instant>) -> io::Result<()> {
    wait(fd.as_fd(), Interest::Readable, libc::POLLIN, deadline)
}

/// Waits until `fd` can be written to: room, an end or an error. Returns at once if that is so already.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let (stream, _other) = std::os::unix::net::UnixStream::pair()?;
/// sisal_reactor::wait_writable(&stream, None)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`Source::wait`].
pub fn wait_writable(fd: impl AsFd, deadline: Option<Instant>) -> io::Result<()> {
    wait(fd.as_fd(), Interest::Writable, libc::POLLOUT, deadline)
}

fn wait(
    fd: BorrowedFd<'_>,
    interest: Interest,
    events: libc::c_short,
    deadline: Option<Instant>,
) -> io::Result<()> {
    if !ambient::with_current(|current| current.is_some()) {
        return blunt::wait(fd, events, deadline);
    }
    if is_ready(fd, events)? {
        return Ok(());
    }
    // A copy: the reactor may watch `fd` itself already, for somebody else. Dropped after its source.
    let own = fd.try_clone_to_owned()?;
    let source = Source::new();
    loop {
        let look = source.look(interest);
        if is_ready(own.as_fd(), events)? {
            return Ok(());
        }
        source.wait(own.as_fd(), interest, look, deadline)?;
    }
}

pub(crate) fn is_ready(fd: BorrowedFd<'_>, events: libc::c_short) -> io::Result<bool> {
    loop {
        match os::poll(fd, events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
