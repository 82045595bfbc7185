//! What a connection needs of its stream. Knows nothing of HTTP.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// A stream that can be told how long to wait, as `TcpStream` is.
///
/// A read or write that waited too long gives `WouldBlock` or `TimedOut`.
pub trait Transport: Read + Write {
    /// How long a read may wait from now on; never zero.
    ///
    /// # Errors
    /// If the stream does not take it.
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()>;

    /// How long a write may wait from now on; never zero.
    ///
    /// # Errors
    /// If the stream does not take it.
    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()>;

    /// Says that nothing more will be written; reading goes on.
    ///
    /// # Errors
    /// If the stream does not take it.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// Called before the wait for another request and after it. Whoever wants the server to stop may end the input of an
    /// idle stream; gives whether nobody wants that, so that the conversation may go on.
    fn set_idle(&mut self, is_idle: bool) -> bool {
        let _ = is_idle;
        true
    }

    /// The clock by which the waits are counted.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl Transport for TcpStream {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        Self::set_read_timeout(self, Some(timeout))
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        Self::set_write_timeout(self, Some(timeout))
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Transport for sisal::net::TcpStream {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        Self::set_read_timeout(self, Some(timeout))
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        Self::set_write_timeout(self, Some(timeout))
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn now(&self) -> Instant {
        sisal::time::now()
    }
}

/// Whether a read or write ended because it waited too long.
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
