//! Waiting for one descriptor without a reactor: an OS thread blocks in `poll(2)`.
//!
//! Knows nothing of sources. A deadline around the code bounds the wait; a cancel ends it by a byte in a pair of sockets, which is
//! made when there is something that could be cancelled.

use crate::os;
use sisal_park::cancel::{check, deadline, listen_while};
use sisal_park::{Waker, Wakes};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Instant;

/// The writing end of the pair.
struct Alarm(UnixStream);

impl Wakes for Alarm {
    fn wake(&self) {
        // It cannot be full: there is one byte for each cancel, and one is enough.
        let _ = (&self.0).write(&[1]);
    }
}

/// Waits until `fd` has one of `events` (`POLLIN`, `POLLOUT`) or an error, on the OS thread.
///
/// # Errors
/// `TimedOut` at `until`, what a cancel gives, and what the system says.
pub(crate) fn wait(fd: BorrowedFd<'_>, events: libc::c_short, until: Option<Instant>) -> io::Result<()> {
    crate::ambient::check_allowed()?;
    let alarm = || {
        let (ours, theirs) = UnixStream::pair()?;
        theirs.set_nonblocking(true)?;
        Ok::<_, io::Error>((Waker::from(Arc::new(Alarm(theirs))), ours))
    };
    listen_while(alarm, |alarm| {
        let until = deadline().into_iter().chain(until).min();
        loop {
            check()?;
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            match os::poll_with(fd, events, alarm.as_ref().map(AsFd::as_fd), left) {
                Ok(true) => return Ok(()),
                Ok(false) if left.is_some_and(|left| left.is_zero()) => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Ok(false) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    })?
}
