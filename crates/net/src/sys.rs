//! The system calls whose flags std does not let us choose: never wait, never raise `SIGPIPE`, and accept a socket that
//! is non-blocking and closed on exec from its first moment.
//!
//! Knows nothing of waiting: each call fails with `WouldBlock` where it would have to, also if the descriptor is in
//! blocking mode, and with `Interrupted` never.
//!
//! Those that a server makes for each request go to the kernel by way of rustix: libc's are points at which a thread may be cancelled, which
//! costs each of them two read-modify-writes (a `recv` that finds nothing takes 224 ns so, and 190 without).

use rustix::net::{RecvFlags, SendFlags};
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
#[inline(always)]
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

#[inline]
pub(crate) fn recv(fd: &impl AsFd, bytes: &mut [u8], flags: libc::c_int) -> io::Result<usize> {
    let flags = RecvFlags::from_bits_retain((flags | RECV) as _);
    retry(|| Ok(rustix::net::recv(fd, &mut *bytes, flags)?.0))
}

#[inline]
pub(crate) fn send(fd: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    let flags = SendFlags::from_bits_retain(SEND as _);
    retry(|| Ok(rustix::net::send(fd, bytes, flags)?))
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

/// A read of whatever is no socket, in non-blocking mode already.
pub(crate) fn read(fd: &impl AsFd, bytes: &mut [u8]) -> io::Result<usize> {
    retry(|| Ok(rustix::io::read(fd, &mut *bytes)?))
}

/// A write to whatever is no socket, in non-blocking mode already.
pub(crate) fn write(fd: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    retry(|| Ok(rustix::io::write(fd, bytes)?))
}

pub(crate) fn read_vectored(fd: &impl AsFd, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    retry(|| Ok(rustix::io::readv(fd, slices)?))
}

pub(crate) fn write_vectored(fd: &impl AsFd, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    retry(|| Ok(rustix::io::writev(fd, slices)?))
}

/// Two ends of a new pipe, for reading and for writing, closed on exec.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    use std::os::fd::FromRawFd;
    let mut ends = [0; 2];
    // SAFETY: room for both.
    #[cfg(target_os = "linux")]
    counted(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } as isize)?;
    // SAFETY: as above; then two descriptors of our own. Another thread may fork in between: these systems have no better.
    #[cfg(not(target_os = "linux"))]
    unsafe {
        counted(libc::pipe(ends.as_mut_ptr()) as isize)?;
        ends.map(|end| libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC));
    }
    // SAFETY: the kernel has just given them to us.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

/// Sets or clears `O_NONBLOCK`.
pub(crate) fn set_nonblocking(fd: &impl AsFd, nonblocking: bool) -> io::Result<()> {
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: a borrowed descriptor, whose flags are read.
    let flags = counted(unsafe { libc::fcntl(fd, libc::F_GETFL) } as isize)? as libc::c_int;
    let wanted = if nonblocking { flags | libc::O_NONBLOCK } else { flags & !libc::O_NONBLOCK };
    if wanted != flags {
        // SAFETY: a borrowed descriptor, whose flags are written.
        counted(unsafe { libc::fcntl(fd, libc::F_SETFL, wanted) } as isize)?;
    }
    Ok(())
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

/// Whether the socket was shut down for receives. Linux says so to a `recv` of packets that may wait, and not to one that must not.
pub(crate) fn receives_no_more(fd: &impl AsFd) -> bool {
    #[cfg(target_os = "linux")]
    {
        let mut look = libc::pollfd { fd: fd.as_fd().as_raw_fd(), events: libc::POLLRDHUP, revents: 0 };
        // SAFETY: a borrowed descriptor, and one record that is ours alone; it does not wait.
        unsafe { libc::poll(&raw mut look, 1, 0) == 1 && look.revents & libc::POLLRDHUP != 0 }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = fd;
        false
    }
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
