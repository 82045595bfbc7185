//! A TCP connection, as [`std::net::TcpStream`].
//!
//! Knows nothing of who waits.

use crate::addr::{each, of_ip};
use crate::connect::tcp;
use crate::sim::{LINGER, TTL};
use crate::socket::{Socket, zero_timeout};
use crate::{Shutdown, SocketAddr, ToSocketAddrs};
use sisal_park::with_current;
use sisal_reactor::Interest;
use std::io;
use std::net;
use std::time::Duration;

/// A TCP connection, as [`std::net::TcpStream`]: waiting suspends the fiber, or blocks a bare thread. Several may read and
/// write at once, through `&TcpStream` or [`try_clone`](Self::try_clone).
///
/// If the fiber is cancelled, each operation fails with an [`Other`](io::ErrorKind::Other) with the text "cancelled".
///
/// ```
/// use sisal_net::{TcpListener, TcpStream};
/// use std::io::{BufRead, BufReader, Write};
///
/// # fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let client = TcpStream::connect(listener.local_addr()?)?;
/// let (mut server, _) = listener.accept()?;
/// server.write_all(b"one\ntwo\n")?;
/// let mut lines = BufReader::new(&client).lines();
/// assert_eq!(lines.next().unwrap()?, "one");
/// # Ok(()) }
/// ```
pub struct TcpStream {
    pub(crate) socket: Socket<net::TcpStream>,
}

socket!(
    TcpStream,
    std::net::TcpStream,
    "# let listener = std::net::TcpListener::bind(\"127.0.0.1:0\")?;
let socket = sisal_net::TcpStream::connect(listener.local_addr()?)?;"
);
timeouts!(
    TcpStream,
    "# let listener = std::net::TcpListener::bind(\"127.0.0.1:0\")?;
let socket = sisal_net::TcpStream::connect(listener.local_addr()?)?;"
);
stream!(TcpStream, drains: true);

impl TcpStream {
    /// Connects to the first of the addresses that answers. Names are looked up where that may block.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The last address's, or [`InvalidInput`](io::ErrorKind::InvalidInput) if there is none.
    pub fn connect<A: ToSocketAddrs>(addresses: A) -> io::Result<Self> {
        each(addresses, |address| Ok(Self { socket: tcp(address, None)? }))
    }

    /// Connects to `address` within `timeout`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> std::io::Result<()> {
    /// let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// sisal_net::TcpStream::connect_timeout(&listener.local_addr()?, Duration::from_secs(1))?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) after that time, [`InvalidInput`](io::ErrorKind::InvalidInput) for a timeout of
    /// zero, and the system's.
    pub fn connect_timeout(address: &SocketAddr, timeout: Duration) -> io::Result<Self> {
        if timeout.is_zero() {
            return Err(zero_timeout());
        }
        let deadline = with_current(|agent| agent.now()).checked_add(timeout);
        Ok(Self { socket: tcp(*address, deadline)? })
    }

    /// The other side's address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// assert!(stream.peer_addr()?.ip().is_loopback());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's, which forgets the address when the connection is reset.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.backing().with(|socket| socket.peer_addr(), |socket| of_ip(&socket.peer()?))
    }

    /// This side's address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// assert_ne!(stream.local_addr()?.port(), 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.backing().with(|socket| socket.local_addr(), |socket| of_ip(&socket.local()?))
    }

    /// Ends one or both directions, for all handles. Whoever waits for them returns: a read with 0, a write with an error.
    ///
    /// ```
    /// # use std::io::Read;
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// let (mut other, _) = listener.accept()?;
    /// stream.shutdown(sisal_net::Shutdown::Write)?;
    /// assert_eq!(other.read(&mut [0; 8])?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) if the other side has ended it already.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.backing().with(|socket| socket.shutdown(how), |socket| socket.shutdown(how))
    }

    /// Reads without taking: the next read gives the same bytes.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let mut stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// listener.accept()?.0.write_all(b"hello")?;
    /// let mut bytes = [0; 5];
    /// assert_eq!(stream.peek(&mut bytes)?, 5);
    /// stream.read_exact(&mut bytes)?;
    /// assert_eq!(&bytes, b"hello");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As a read.
    pub fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.socket.run(Interest::Readable, |socket| socket.recv(bytes, libc::MSG_PEEK))
    }

    /// Whether small writes go out at once (`TCP_NODELAY`), instead of waiting a moment for more.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.backing().set("nodelay", nodelay, |socket| socket.set_nodelay(nodelay))
    }

    /// Whether small writes go out at once.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// assert!(!stream.nodelay()?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn nodelay(&self) -> io::Result<bool> {
        Ok(self.socket.backing().get("nodelay", 0, |socket| socket.nodelay().map(u32::from))? != 0)
    }

    /// What a close does with bytes that are not sent yet (`SO_LINGER`): `None` sends them in the background, zero throws
    /// them away and resets the connection. A longer time blocks the OS thread that closes; avoid it on fibers.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_linger(Some(Duration::ZERO))?;
    /// assert_eq!(stream.linger()?, Some(Duration::ZERO));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        // In a simulation, a time that is not zero is as none: nobody waits in a drop.
        let value = linger.map_or(0, |time| if time.is_zero() { 1 } else { 2 + time.as_secs() as u32 });
        let set = |socket: &net::TcpStream| socket2::SockRef::from(socket).set_linger(linger);
        self.socket.backing().set(LINGER, value, set)
    }

    /// What a close does with bytes that are not sent yet.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// assert_eq!(stream.linger()?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.socket.backing().with(
            |socket| socket2::SockRef::from(socket).linger(),
            |socket| match socket.get(LINGER).unwrap_or(0) {
                0 => Ok(None),
                1 => Ok(Some(Duration::ZERO)),
                more => Ok(Some(Duration::from_secs(u64::from(more - 2)))),
            },
        )
    }

    /// Sets how many hops its packets may take.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let stream = sisal_net::TcpStream::connect(listener.local_addr()?)?;
    /// stream.set_ttl(42)?;
    /// assert_eq!(stream.ttl()?, 42);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.backing().set("ttl", ttl, |socket| socket.set_ttl(ttl))
    }

    /// How many hops its packets may take.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// assert!(sisal_net::TcpStream::connect(listener.local_addr()?)?.ttl()? > 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.backing().get("ttl", TTL, net::TcpStream::ttl)
    }
}
