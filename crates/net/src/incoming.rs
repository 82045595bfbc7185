//! Connections as they come.
//!
//! Knows nothing of the listener but how to accept.

use crate::backing::Backing;
use crate::socket::{Socket, StdSocket, pause_for};
use crate::{TcpListener, TcpStream, UnixListener, UnixStream, sys};
use sisal_park::{Reason, cancel};
use sisal_reactor::Interest;
use socket2::SockAddr;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How long a listener rests when the system has run out of descriptors or memory. The connection that it could not
/// accept still waits, so without a rest an accept loop would spin until somebody closes something.
const REST: Duration = Duration::from_millis(10);

/// An iterator over the connections to a listener, as [`std::net::Incoming`]. It gives [`accept`](crate::TcpListener::accept)'s
/// connections and errors for ever; but if the fiber is cancelled, or the deadline of a scope around it passes, it gives
/// that error once, and then ends.
pub struct Incoming<'a, L = TcpListener> {
    listener: &'a L,
    ended: bool,
}

impl<'a, L> Incoming<'a, L> {
    pub(crate) fn new(listener: &'a L) -> Self {
        Self { listener, ended: false }
    }
}

impl<L: fmt::Debug> fmt::Debug for Incoming<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("listener", self.listener).finish()
    }
}

impl<L> Incoming<'_, L> {
    fn step<T>(&mut self, accept: impl FnOnce(&L) -> io::Result<T>) -> Option<io::Result<T>> {
        if self.ended {
            return None;
        }
        let result = accept(self.listener);
        if let Err(error) = &result {
            // A listener has no timeout of its own.
            self.ended = error.kind() == io::ErrorKind::TimedOut || cancel::check().is_err();
        }
        Some(result)
    }
}

impl Iterator for Incoming<'_, TcpListener> {
    type Item = io::Result<TcpStream>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(|listener| listener.accept().map(|(stream, _)| stream))
    }
}

impl Iterator for Incoming<'_, UnixListener> {
    type Item = io::Result<UnixStream>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(|listener| listener.accept().map(|(stream, _)| stream))
    }
}

/// Accepts a connection, as a socket of std's type `T`.
pub(crate) fn accept<L, T>(listener: &Socket<L>) -> io::Result<(Socket<T>, SockAddr)>
where
    L: StdSocket,
    T: From<OwnedFd> + StdSocket,
{
    loop {
        let accept = |listener: &Backing<L>| match listener {
            Backing::System(listener) => {
                sys::accept(listener).map(|(stream, address)| (Socket::new(T::from(stream)), address))
            }
            Backing::Simulated(listener) => listener.accept().map(Socket::accepted),
        };
        match listener.run(Interest::Readable, accept) {
            Ok(accepted) => return Ok(accepted),
            // The client has gone again: take the next one.
            Err(error) if error.raw_os_error() == Some(libc::ECONNABORTED) => {}
            Err(error) => {
                if is_exhausted(&error) && !listener.is_nonblocking() {
                    // Or less, if the agent is asked to end.
                    let _ = pause_for(REST, None, Reason::Readable(listener.number().into()));
                }
                return Err(error);
            }
        }
    }
}

fn is_exhausted(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}
