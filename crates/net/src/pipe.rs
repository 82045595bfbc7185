//! A pipe: bytes in at one end, out at the other, as [`std::io::pipe`].
//!
//! Knows nothing of who is at the other end; often another process.

use crate::backing::Backing;
use crate::sim;
use crate::socket::{Socket, StdSocket};
use crate::sys;
use sisal_reactor::Interest;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// One end's descriptor.
#[derive(Debug)]
pub(crate) struct End(OwnedFd);

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for End {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl std::os::fd::IntoRawFd for End {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

impl From<OwnedFd> for End {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl From<End> for OwnedFd {
    fn from(end: End) -> Self {
        end.0
    }
}

impl StdSocket for End {
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        sys::set_nonblocking(self, nonblocking)
    }
}

/// The end of a pipe from which one reads: waiting suspends the fiber, or blocks a bare thread. Made by [`pipe`], or from any
/// descriptor that can be waited for: one of a child's, a FIFO, a device.
///
/// The descriptor is put into non-blocking mode, which it shares with every process that has inherited it. So do not make
/// one of descriptor 0: that is what `sisal::io::stdin` is for.
pub struct PipeReader {
    socket: Socket<End>,
}

/// The end of a pipe to which one writes: waiting suspends the fiber, or blocks a bare thread. See [`PipeReader`].
///
/// If nobody reads any more, a write fails with [`BrokenPipe`](io::ErrorKind::BrokenPipe) (in a Rust program, which ignores
/// `SIGPIPE` unless told otherwise).
pub struct PipeWriter {
    socket: Socket<End>,
}

/// A pipe, as [`std::io::pipe`].
///
/// ```
/// use std::io::{Read, Write};
/// # fn main() -> std::io::Result<()> {
/// let (mut reader, mut writer) = sisal_net::pipe()?;
/// writer.write_all(b"hello")?;
/// drop(writer);
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the system has no descriptors left.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    if let Some(network) = sim::network() {
        let (writer, reader) = network.pair()?;
        let reader = PipeReader { socket: Socket::simulated(reader.0, reader.1) };
        return Ok((reader, PipeWriter { socket: Socket::simulated(writer.0, writer.1) }));
    }
    let (reader, writer) = sys::pipe()?;
    Ok((PipeReader::from(reader), PipeWriter::from(writer)))
}

descriptor!(PipeReader, End, "let (socket, _writer) = sisal_net::pipe()?;");
descriptor!(PipeWriter, End, "let (_reader, socket) = sisal_net::pipe()?;");

impl Backing<End> {
    fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::System(end) => sys::read(end, bytes),
            Self::Simulated(end) => end.recv(&mut [IoSliceMut::new(bytes)], false),
        }
    }

    fn read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        match self {
            Self::System(end) => sys::read_vectored(end, slices),
            Self::Simulated(end) => end.recv(slices, false),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::System(end) => sys::write(end, bytes),
            Self::Simulated(end) => end.send(&[IoSlice::new(bytes)]),
        }
    }

    fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::System(end) => sys::write_vectored(end, slices),
            Self::Simulated(end) => end.send(slices),
        }
    }
}

impl Read for &PipeReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.socket.run(Interest::Readable, |end| end.read(bytes))
    }

    fn read_vectored(&mut self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.socket.run(Interest::Readable, |end| end.read_vectored(slices))
    }
}

impl Read for PipeReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        (&*self).read(bytes)
    }

    fn read_vectored(&mut self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(slices)
    }
}

impl Write for &PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.run(Interest::Writable, |end| end.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.socket.run(Interest::Writable, |end| end.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
