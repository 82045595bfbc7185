//! The name of what is behind a descriptor.
//!
//! Knows nothing of who waits for it.

use std::io;
use std::mem::ManuallyDrop;
use std::net::TcpStream;
use std::os::fd::{FromRawFd, RawFd};

/// `tcp 127.0.0.1:80 with 127.0.0.1:5000`, `udp 0.0.0.0:53`; `None` for what has no address.
pub(super) fn of_descriptor(fd: RawFd) -> Option<String> {
    // SAFETY: it is never closed through this; whatever it is, asking for its addresses harms nothing.
    let socket = ManuallyDrop::new(unsafe { TcpStream::from_raw_fd(fd) });
    let local = socket.local_addr().ok()?;
    let kind = match kind(fd) {
        Ok(libc::SOCK_STREAM) => "tcp",
        Ok(libc::SOCK_DGRAM) => "udp",
        _ => "socket",
    };
    Some(match socket.peer_addr() {
        Ok(peer) => format!("{kind} {local} with {peer}"),
        Err(_) => format!("{kind} {local}"),
    })
}

fn kind(fd: RawFd) -> io::Result<libc::c_int> {
    let mut kind: libc::c_int = 0;
    let mut size = size_of_val(&kind) as libc::socklen_t;
    // SAFETY: it writes to `kind` and `size` alone.
    let result = unsafe {
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_TYPE, (&raw mut kind).cast(), &raw mut size)
    };
    if result == 0 { Ok(kind) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn sockets_are_named_and_files_are_not() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(of_descriptor(listener.as_raw_fd()).unwrap(), format!("tcp {address}"));
        let stream = TcpStream::connect(address).unwrap();
        let own = stream.local_addr().unwrap();
        assert_eq!(of_descriptor(stream.as_raw_fd()).unwrap(), format!("tcp {own} with {address}"));
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(of_descriptor(udp.as_raw_fd()).unwrap(), format!("udp {}", udp.local_addr().unwrap()));
        assert_eq!(of_descriptor(std::fs::File::open("/dev/null").unwrap().as_raw_fd()), None);
    }
}
