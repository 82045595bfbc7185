//! What a socket is underneath: the system's, or one of a simulated network. It is settled when the socket is made.
//!
//! Knows nothing of waiting: each call fails with `WouldBlock` where it would have to.
//!
//! Whoever makes a socket inside a simulation gets a simulated one. What is simulated is cold and behind a trait, so that the system's
//! sockets pay one branch for it.

use crate::socket::StdSocket;
use crate::{Shutdown, sys};
use sisal_reactor::{Source, Standin};
use socket2::SockAddr;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;

/// Which socket stands behind one of ours.
pub(crate) enum Backing<S> {
    System(S),
    Simulated(Box<dyn Simulated>),
}

/// A simulated socket that was made, and the source that will be its own.
pub(crate) type Opened = (Source, Box<dyn Simulated>);

/// A connection that was accepted.
pub(crate) struct Accepted {
    pub(crate) source: Source,
    pub(crate) socket: Box<dyn Simulated>,
    pub(crate) peer: SockAddr,
}

/// What a simulated socket can do. Each kind says what it has; the rest is an error. It is closed by its drop.
pub(crate) trait Simulated: Standin {
    fn local(&self) -> io::Result<SockAddr>;

    fn peer(&self) -> io::Result<SockAddr> {
        Err(io::ErrorKind::NotConnected.into())
    }

    fn recv(&self, _slices: &mut [IoSliceMut<'_>], _peeks: bool) -> io::Result<usize> {
        Err(unsupported())
    }

    fn send(&self, _slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(unsupported())
    }

    fn recv_from(&self, _bytes: &mut [u8], _peeks: bool) -> io::Result<(usize, SockAddr)> {
        Err(unsupported())
    }

    fn send_to(&self, _bytes: &[u8], _address: &SockAddr) -> io::Result<usize> {
        Err(unsupported())
    }

    fn connect(&self, _address: &SockAddr) -> io::Result<()> {
        Err(unsupported())
    }

    fn accept(&self) -> io::Result<Accepted> {
        Err(unsupported())
    }

    fn shutdown(&self, _how: Shutdown) -> io::Result<()> {
        Err(unsupported())
    }

    fn take_error(&self) -> Option<io::Error> {
        None
    }

    /// Keeps the value of an option, most of which mean nothing here.
    fn set(&self, option: &'static str, value: u32);

    /// The value that was kept.
    fn get(&self, option: &'static str) -> Option<u32>;
}

/// What a call says that a simulated socket does not have.
pub(crate) fn unsupported() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "the simulated network has no such operation")
}

impl<S: StdSocket> Backing<S> {
    /// One call for the system's socket, or another for the simulated one.
    #[inline]
    pub(crate) fn with<T>(
        &self,
        system: impl FnOnce(&S) -> io::Result<T>,
        simulated: impl FnOnce(&dyn Simulated) -> io::Result<T>,
    ) -> io::Result<T> {
        match self {
            Self::System(socket) => system(socket),
            Self::Simulated(socket) => simulated(&**socket),
        }
    }

    /// Sets an option.
    pub(crate) fn set(
        &self,
        option: &'static str,
        value: impl Into<u32>,
        system: impl FnOnce(&S) -> io::Result<()>,
    ) -> io::Result<()> {
        self.with(system, |socket| {
            socket.set(option, value.into());
            Ok(())
        })
    }

    /// Gives an option, in a simulation `default` if it was never set.
    pub(crate) fn get(
        &self,
        option: &'static str,
        default: u32,
        system: impl FnOnce(&S) -> io::Result<u32>,
    ) -> io::Result<u32> {
        self.with(system, |socket| Ok(socket.get(option).unwrap_or(default)))
    }

    #[inline]
    pub(crate) fn recv(&self, bytes: &mut [u8], flags: libc::c_int) -> io::Result<usize> {
        match self {
            Self::System(socket) => sys::recv(socket, bytes, flags),
            Self::Simulated(socket) => recv_simulated(&**socket, bytes, flags),
        }
    }

    #[inline]
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::System(socket) => sys::send(socket, bytes),
            Self::Simulated(socket) => send_simulated(&**socket, bytes),
        }
    }

    pub(crate) fn recv_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        match self {
            Self::System(socket) => sys::recv_vectored(socket, slices),
            Self::Simulated(socket) => socket.recv(slices, false),
        }
    }

    pub(crate) fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::System(socket) => sys::send_vectored(socket, slices),
            Self::Simulated(socket) => socket.send(slices),
        }
    }

    pub(crate) fn recv_from(&self, bytes: &mut [u8], flags: libc::c_int) -> io::Result<(usize, SockAddr)> {
        match self {
            Self::System(socket) => sys::recv_from(socket, bytes, flags),
            Self::Simulated(socket) => socket.recv_from(bytes, flags & libc::MSG_PEEK != 0),
        }
    }

    pub(crate) fn send_to(&self, bytes: &[u8], address: &SockAddr) -> io::Result<usize> {
        match self {
            Self::System(socket) => sys::send_to(socket, bytes, address),
            Self::Simulated(socket) => socket.send_to(bytes, address),
        }
    }

    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.with(|socket| socket2::SockRef::from(socket).take_error(), |socket| Ok(socket.take_error()))
    }

    /// The descriptor.
    ///
    /// # Panics
    /// If it is simulated.
    #[inline]
    #[track_caller]
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.system().as_fd()
    }

    /// std's socket.
    ///
    /// # Panics
    /// If it is simulated.
    #[inline]
    #[track_caller]
    pub(crate) fn system(&self) -> &S {
        match self {
            Self::System(socket) => socket,
            Self::Simulated(_) => no_descriptor(),
        }
    }
}

#[cold]
fn recv_simulated(socket: &dyn Simulated, bytes: &mut [u8], flags: libc::c_int) -> io::Result<usize> {
    socket.recv(&mut [IoSliceMut::new(bytes)], flags & libc::MSG_PEEK != 0)
}

#[cold]
fn send_simulated(socket: &dyn Simulated, bytes: &[u8]) -> io::Result<usize> {
    socket.send(&[IoSlice::new(bytes)])
}

/// What std's traits, which know no errors, say to a simulated socket.
#[cold]
#[track_caller]
pub(crate) fn no_descriptor() -> ! {
    panic!("a socket of the simulated network has no descriptor, and cannot become one of std's")
}

impl<S: fmt::Debug> fmt::Debug for Backing<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(socket) => socket.fmt(f),
            Self::Simulated(socket) => {
                let address =
                    |address: io::Result<SockAddr>| address.ok().and_then(|address| address.as_socket());
                f.debug_struct("Simulated")
                    .field("number", &socket.number())
                    .field("addr", &address(socket.local()))
                    .field("peer", &address(socket.peer()))
                    .finish()
            }
        }
    }
}
