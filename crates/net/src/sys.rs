//! The system calls whose flags std does not let us choose: never wait, never raise `SIGPIPE`, and accept a socket that
//! is non-blocking and closed on exec from its first moment.
//!
//! Knows nothing of waiting: each call fails with `WouldBlock` where it would have to, also if the descriptor is in
//! blocking mode, and with `Interrupted` never.

use socket2::SockAddr;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// Set for each receive.
pub(crate) const RECV: libc::c_int = libc::MSG_DONTWAIT;
/// Set for each send.
pub(crate) const SEND: libc::c_int = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;

/// What the kernel takes of one vectored call: `IOV_MAX`, 1,024 on every system that is known.
const SLICES_MAX: usize = 1024;

/// Calls `f` until it is not interrupted.
pub(crate) fn retry<T>(mut f: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match f() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// What a call has returned: a count, or -1 for the error that the thread keeps.
fn counted(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

pub(crate) fn recv(fd: &impl AsFd, bytes: &mut [u8], flags: libc::c_int) -> io::Result<usize> {
    let fd = fd.as_fd().as_raw_fd();
    retry(|| {
        // SAFETY: a borrowed descriptor, and the bytes of one exclusive slice.
        counted(unsafe { libc::recv(fd, bytes.as_mut_ptr().cast(), bytes.len(), flags | RECV) })
    })
}

pub(crate) fn send(fd: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    let fd = fd.as_fd().as_raw_fd();
    retry(|| {
        // SAFETY: a borrowed descriptor, and the bytes of one slice.
        counted(unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), SEND) })
    })
}

pub(crate) fn recv_vectored(fd: &impl AsFd, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: all zeroes are a message without address, slices and control data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = slices.as_mut_ptr().cast();
    message.msg_iovlen = slices.len().min(SLICES_MAX) as _;
    retry(|| {
        // SAFETY: a borrowed descriptor; `IoSliceMut` is `iovec` on Unix, and the slices are borrowed exclusively.
        counted(unsafe { libc::recvmsg(fd, &raw mut message, RECV) })
    })
}

pub(crate) fn send_vectored(fd: &impl AsFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let slices = &slices[..slices.len().min(SLICES_MAX)];
    retry(|| socket2::SockRef::from(fd).send_vectored_with_flags(slices, SEND))
}

pub(crate) fn recv_from(
    fd: &impl AsFd,
    bytes: &mut [u8],
    flags: libc::c_int,
) -> io::Result<(usize, SockAddr)> {
    let fd = fd.as_fd().as_raw_fd();
    retry(|| {
        let (data, length) = (bytes.as_mut_ptr().cast(), bytes.len());
        // SAFETY: a borrowed descriptor, the bytes of one exclusive slice, and room for any address, whose length the
        // kernel fills in.
        unsafe {
            SockAddr::try_init(|address, size| {
                counted(libc::recvfrom(fd, data, length, flags | RECV, address.cast(), size))
            })
        }
    })
}

pub(crate) fn send_to(fd: &impl AsFd, bytes: &[u8], address: &SockAddr) -> io::Result<usize> {
    retry(|| socket2::SockRef::from(fd).send_to_with_flags(bytes, address, SEND))
}

/// Accepts a connection, with one system call where the system has `accept4`.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd"))]
pub(crate) fn accept(fd: &impl AsFd) -> io::Result<(OwnedFd, SockAddr)> {
    use std::os::fd::FromRawFd;
    let fd = fd.as_fd().as_raw_fd();
    retry(|| {
        // SAFETY: a borrowed descriptor, and room for any address, whose length the kernel fills in.
        let (accepted, address) = unsafe {
            SockAddr::try_init(|address, size| {
                let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
                match libc::accept4(fd, address.cast(), size, flags) {
                    -1 => Err(io::Error::last_os_error()),
                    accepted => Ok(accepted),
                }
            })?
        };
        // SAFETY: the kernel has just given it to us.
        Ok((unsafe { OwnedFd::from_raw_fd(accepted) }, address))
    })
}

/// Accepts a connection.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd")))]
pub(crate) fn accept(fd: &impl AsFd) -> io::Result<(OwnedFd, SockAddr)> {
    let (socket, address) = retry(|| socket2::SockRef::from(fd).accept())?;
    socket.set_nonblocking(true)?;
    Ok((socket.into(), address))
}
