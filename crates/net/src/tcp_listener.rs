//! A TCP socket that accepts connections, as [`std::net::TcpListener`].
//!
//! Knows nothing of what the connections are for.

use crate::addr::of_ip;
use crate::incoming::accept;
use crate::sim::TTL;
use crate::socket::Socket;
use crate::{Incoming, ListenOptions, SocketAddr, TcpStream, ToSocketAddrs};
use std::io;
use std::net;

/// A TCP socket that accepts connections, as [`std::net::TcpListener`]: waiting suspends the fiber, or blocks a bare
/// thread.
///
/// ```
/// use sisal_net::{TcpListener, TcpStream};
/// use std::io::{Read, Write};
///
/// # fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let mut client = TcpStream::connect(listener.local_addr()?)?;
/// let (mut server, address) = listener.accept()?;
/// assert_eq!(address, client.local_addr()?);
/// server.write_all(b"hello")?;
/// drop(server);
/// let mut text = String::new();
/// client.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # Ok(()) }
/// ```
pub struct TcpListener {
    pub(crate) socket: Socket<net::TcpListener>,
}

socket!(TcpListener, std::net::TcpListener, "let socket = sisal_net::TcpListener::bind(\"127.0.0.1:0\")?;");

impl TcpListener {
    /// Listens at the first of the addresses that can be had. Port 0 is any free one. As std's on Unix, it takes the port
    /// over from connections that are closing (`SO_REUSEADDR`); up to 4,096 connections may wait for their
    /// [`accept`](Self::accept), or what the kernel allows. [`ListenOptions`] binds otherwise.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let listener = sisal_net::TcpListener::bind(("127.0.0.1", 0))?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The last address's, or [`InvalidInput`](io::ErrorKind::InvalidInput) if there is none.
    pub fn bind<A: ToSocketAddrs>(addresses: A) -> io::Result<Self> {
        ListenOptions::new().tcp(addresses)
    }

    /// The address at which it listens.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// assert!(listener.local_addr()?.ip().is_loopback());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.backing().with(|socket| socket.local_addr(), |socket| of_ip(&socket.local()?))
    }

    /// Waits for a connection; gives it, and the other side's address. Connections that have gone again before they were
    /// accepted are passed over.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let client = std::net::TcpStream::connect(listener.local_addr()?)?;
    /// assert_eq!(listener.accept()?.1, client.local_addr()?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's. If it has no descriptors or memory left, that is reported after 10 ms, so that a loop which goes on
    /// regardless does not spin. If the fiber is cancelled, an [`Other`](io::ErrorKind::Other) with the text "cancelled".
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (socket, address) = accept(&self.socket)?;
        Ok((TcpStream { socket }, of_ip(&address)?))
    }

    /// An iterator over the connections; see [`Incoming`] for when it ends.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// let clients: Vec<_> =
    ///     (0..3).map(|_| std::net::TcpStream::connect(listener.local_addr()?)).collect::<Result<_, _>>()?;
    /// assert_eq!(listener.incoming().take(clients.len()).filter(Result::is_ok).count(), 3);
    /// # Ok(()) }
    /// ```
    pub fn incoming(&self) -> Incoming<'_, Self> {
        Incoming::new(self)
    }

    /// Sets how many hops the packets of accepted connections may take.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let listener = sisal_net::TcpListener::bind("127.0.0.1:0")?;
    /// listener.set_ttl(42)?;
    /// assert_eq!(listener.ttl()?, 42);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.backing().set("ttl", ttl, |socket| socket.set_ttl(ttl))
    }

    /// How many hops the packets of accepted connections may take.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::TcpListener::bind("127.0.0.1:0")?.ttl()? > 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.backing().get("ttl", TTL, net::TcpListener::ttl)
    }
}
