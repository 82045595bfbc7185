//! New sockets: made non-blocking before their first use, then bound or connected.
//!
//! Knows nothing of what is sent over them.
//!
//! A connect that takes time says `EINPROGRESS`, and its outcome is told once, by `SO_ERROR`. So, as everywhere: look, ask
//! for the outcome, and if there is none yet, wait for an edge that the look has not seen.

use crate::sim;
use crate::socket::{Limits, Socket, StdSocket, not_cancelled};
use sisal_reactor::Interest;
use socket2::{Domain, Protocol, SockRef, Type};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// A socket of std's type `S`, in non-blocking mode.
pub(crate) fn open<S: StdSocket>(domain: Domain, kind: Type, protocol: Option<Protocol>) -> io::Result<S> {
    let socket = S::from(OwnedFd::from(socket2::Socket::new(domain, kind, protocol)?));
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Begins to listen where `socket` is bound.
pub(crate) fn listen<S: StdSocket>(socket: S, backlog: u32) -> io::Result<Socket<S>> {
    SockRef::from(&socket).listen(backlog.try_into().unwrap_or(libc::c_int::MAX))?;
    Ok(Socket::new(socket))
}

/// Connects to `address`, until `deadline` at the latest.
pub(crate) fn tcp(address: SocketAddr, deadline: Option<Instant>) -> io::Result<Socket<TcpStream>> {
    not_cancelled()?;
    if let Some(network) = sim::network() {
        let (source, stream) = network.connect(address, deadline)?;
        return Ok(Socket::simulated(source, stream));
    }
    let stream: TcpStream = open(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    match SockRef::from(&stream).connect(&address.into()) {
        Ok(()) => return Ok(Socket::new(stream)),
        Err(error) if is_pending(&error) => {}
        Err(error) => return Err(error),
    }
    let socket = Socket::new(stream);
    let mut limits = Limits { deadline, ..Limits::default() };
    loop {
        let look = socket.look(Interest::Writable);
        if outcome(socket.backing().system())? {
            return Ok(socket);
        }
        match socket.wait(Interest::Writable, look, &mut limits) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "connection timed out"));
            }
            waited => waited?,
        }
    }
}

/// Goes on in the background, also after an interrupt.
fn is_pending(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS) || error.kind() == io::ErrorKind::Interrupted
}

/// Whether it is connected, if it has not failed.
fn outcome(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        return Err(error);
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}
