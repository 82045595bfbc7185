//! A connection between two processes of one machine, as [`std::os::unix::net::UnixStream`].
//!
//! Knows nothing of who waits.
//!
//! A connect to a listener whose queue is full fails at once with `EAGAIN` on a non-blocking socket, and no event tells when
//! there is room. So such a connect is made again where it may block.

use crate::connect::open;
use crate::sim;
use crate::socket::{Socket, not_cancelled};
use crate::{Shutdown, UnixSocketAddr, sys, unix_addr};
use socket2::{Domain, SockAddr, SockRef, Type};
use std::io;
use std::os::unix::net;
use std::path::Path;

/// A connection between two processes of one machine, as [`std::os::unix::net::UnixStream`]: waiting suspends the fiber, or
/// blocks a bare thread.
///
/// ```
/// use sisal_net::UnixStream;
/// use std::io::{Read, Write};
///
/// # fn main() -> std::io::Result<()> {
/// let (mut a, mut b) = UnixStream::pair()?;
/// a.write_all(b"hello")?;
/// let mut bytes = [0; 5];
/// b.read_exact(&mut bytes)?;
/// assert_eq!(&bytes, b"hello");
/// # Ok(()) }
/// ```
pub struct UnixStream {
    pub(crate) socket: Socket<net::UnixStream>,
}

socket!(UnixStream, std::os::unix::net::UnixStream, "let (socket, _other) = sisal_net::UnixStream::pair()?;");
timeouts!(UnixStream, "let (socket, _other) = sisal_net::UnixStream::pair()?;");
// A short read stops at a passed descriptor or at another sender's credentials too, so it proves nothing.
stream!(UnixStream, drains: false);

impl UnixStream {
    /// Connects to the listener at `path`.
    ///
    /// ```
    /// assert!(sisal_net::UnixStream::connect("nobody/listens/here").is_err());
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::connect_system(&unix_addr::of_path(path.as_ref())?)
    }

    /// Connects to the listener at `address`, which may be in Linux's abstract namespace.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-connect-{}", std::process::id()));
    /// let listener = sisal_net::UnixListener::bind(&path)?;
    /// sisal_net::UnixStream::connect_addr(&listener.local_addr()?)?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn connect_addr(address: &UnixSocketAddr) -> io::Result<Self> {
        Self::connect_system(&unix_addr::from_std(address)?)
    }

    fn connect_system(address: &SockAddr) -> io::Result<Self> {
        not_cancelled()?;
        if let Some(network) = sim::network() {
            let (source, stream) = network.connect_unix(address)?;
            return Ok(Self { socket: Socket::simulated(source, stream) });
        }
        let stream: net::UnixStream = open(Domain::UNIX, Type::STREAM, None)?;
        match sys::retry(|| SockRef::from(&stream).connect(address)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let address = address.clone();
                let stream = sisal_park::blocking_io(move || {
                    stream.set_nonblocking(false)?;
                    sys::retry(|| SockRef::from(&stream).connect(&address))?;
                    stream.set_nonblocking(true)?;
                    Ok(stream)
                })?;
                Ok(Self { socket: Socket::new(stream) })
            }
            result => result.map(|()| Self { socket: Socket::new(stream) }),
        }
    }

    /// Two ends that are connected with each other.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (a, b) = sisal_net::UnixStream::pair()?;
    /// assert!(a.peer_addr()?.is_unnamed());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn pair() -> io::Result<(Self, Self)> {
        if let Some(network) = sim::network() {
            let ends = network.pair()?;
            let end = |(source, end)| Self { socket: Socket::simulated(source, end) };
            return Ok((end(ends.0), end(ends.1)));
        }
        let (a, b) = net::UnixStream::pair()?;
        a.set_nonblocking(true)?;
        b.set_nonblocking(true)?;
        Ok((Self { socket: Socket::new(a) }, Self { socket: Socket::new(b) }))
    }

    /// This side's address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::UnixStream::pair()?.0.local_addr()?.is_unnamed());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<UnixSocketAddr> {
        self.socket.backing().with(|socket| socket.local_addr(), |socket| unix_addr::to_std(&socket.local()?))
    }

    /// The other side's address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::UnixStream::pair()?.0.peer_addr()?.is_unnamed());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn peer_addr(&self) -> io::Result<UnixSocketAddr> {
        self.socket.backing().with(|socket| socket.peer_addr(), |socket| unix_addr::to_std(&socket.peer()?))
    }

    /// Ends one or both directions, for all handles. Whoever waits for them returns.
    ///
    /// ```
    /// # use std::io::Read;
    /// # fn main() -> std::io::Result<()> {
    /// let (a, mut b) = sisal_net::UnixStream::pair()?;
    /// a.shutdown(sisal_net::Shutdown::Write)?;
    /// assert_eq!(b.read(&mut [0; 8])?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.backing().with(|socket| socket.shutdown(how), |socket| socket.shutdown(how))
    }
}
