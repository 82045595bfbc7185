//! Packets between processes of one machine, as [`std::os::unix::net::UnixDatagram`].
//!
//! Knows nothing of who waits.
//!
//! A packet to an address whose queue is full fails with `EAGAIN`, and no event tells when there is room, unless the
//! sender is connected to it. So `send_to` tries again every [`AGAIN_AFTER`].

use crate::backing::{Backing, Simulated};
use crate::connect::open;
use crate::sim;
use crate::socket::{Limits, Socket};
use crate::{Shutdown, UnixSocketAddr, sys, unix_addr};
use sisal_reactor::Interest;
use socket2::{Domain, SockAddr, SockRef, Type};
use std::io;
use std::os::unix::net;
use std::path::Path;
use std::time::Duration;

/// Between two tries to send to a full queue: short beside what its reader has to do, long beside a system call.
const AGAIN_AFTER: Duration = Duration::from_millis(1);

/// A socket for packets between processes of one machine, as [`std::os::unix::net::UnixDatagram`]: waiting suspends the fiber,
/// or blocks a bare thread.
///
/// ```
/// use sisal_net::UnixDatagram;
///
/// # fn main() -> std::io::Result<()> {
/// let (a, b) = UnixDatagram::pair()?;
/// a.send(b"hello")?;
/// assert_eq!(b.recv(&mut [0; 16])?, 5);
/// # Ok(()) }
/// ```
pub struct UnixDatagram {
    socket: Socket<net::UnixDatagram>,
}

socket!(
    UnixDatagram,
    std::os::unix::net::UnixDatagram,
    "let (socket, _other) = sisal_net::UnixDatagram::pair()?;"
);
timeouts!(UnixDatagram, "let (socket, _other) = sisal_net::UnixDatagram::pair()?;");

impl UnixDatagram {
    fn open(address: Option<&SockAddr>) -> io::Result<Self> {
        if let Some(network) = sim::network() {
            let (source, socket) = network.bind_local(address)?;
            return Ok(Self { socket: Socket::simulated(source, socket) });
        }
        let socket: net::UnixDatagram = open(Domain::UNIX, Type::DGRAM, None)?;
        address.map_or(Ok(()), |address| SockRef::from(&socket).bind(address))?;
        Ok(Self { socket: Socket::new(socket) })
    }

    /// A socket at `path`, where a file appears.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-dgram-{}", std::process::id()));
    /// let socket = sisal_net::UnixDatagram::bind(&path)?;
    /// sisal_net::UnixDatagram::unbound()?.send_to(b"x", &path)?;
    /// assert_eq!(socket.recv(&mut [0; 8])?, 1);
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::open(Some(&unix_addr::of_path(path.as_ref())?))
    }

    /// A socket at `address`, which may be in Linux's abstract namespace.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-dgram-addr-{}", std::process::id()));
    /// let address = sisal_net::UnixSocketAddr::from_pathname(&path)?;
    /// let socket = sisal_net::UnixDatagram::bind_addr(&address)?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn bind_addr(address: &UnixSocketAddr) -> io::Result<Self> {
        Self::open(Some(&unix_addr::from_std(address)?))
    }

    /// A socket without an address, which can send.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::UnixDatagram::unbound()?.local_addr()?.is_unnamed());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn unbound() -> io::Result<Self> {
        Self::open(None)
    }

    /// Two sockets that are connected with each other.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (a, b) = sisal_net::UnixDatagram::pair()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn pair() -> io::Result<(Self, Self)> {
        if let Some(network) = sim::network() {
            let (a, b) = network.local_pair()?;
            let socket = |(source, socket)| Self { socket: Socket::simulated(source, socket) };
            return Ok((socket(a), socket(b)));
        }
        let (a, b) = net::UnixDatagram::pair()?;
        a.set_nonblocking(true)?;
        b.set_nonblocking(true)?;
        Ok((Self { socket: Socket::new(a) }, Self { socket: Socket::new(b) }))
    }

    /// From now on talks with the socket at `path`, and with nobody else.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::UnixDatagram::unbound()?.connect("nobody/is/here").is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        let path = path.as_ref();
        let simulated = |socket: &dyn Simulated| socket.connect(&unix_addr::of_path(path)?);
        self.socket.backing().with(|socket| socket.connect(path), simulated)
    }

    /// From now on talks with the socket at `address`, and with nobody else.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-dgram-connect-{}", std::process::id()));
    /// let socket = sisal_net::UnixDatagram::bind(&path)?;
    /// sisal_net::UnixDatagram::unbound()?.connect_addr(&socket.local_addr()?)?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn connect_addr(&self, address: &UnixSocketAddr) -> io::Result<()> {
        let simulated = |socket: &dyn Simulated| socket.connect(&unix_addr::from_std(address)?);
        self.socket.backing().with(|socket| socket.connect_addr(address), simulated)
    }

    /// This side's address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::UnixDatagram::pair()?.0.local_addr()?.is_unnamed());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<UnixSocketAddr> {
        self.socket.backing().with(|socket| socket.local_addr(), |socket| unix_addr::to_std(&socket.local()?))
    }

    /// The address of the socket that was [connected](Self::connect) to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::UnixDatagram::unbound()?.peer_addr().is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) if there is none.
    pub fn peer_addr(&self) -> io::Result<UnixSocketAddr> {
        self.socket.backing().with(|socket| socket.peer_addr(), |socket| unix_addr::to_std(&socket.peer()?))
    }

    /// Waits for a packet; gives its length, and whose it is. What does not fit into `bytes` is lost. After a [`shutdown`](Self::shutdown), once
    /// all packets are taken, it gives 0.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (a, b) = sisal_net::UnixDatagram::pair()?;
    /// a.send(b"x")?;
    /// assert!(b.recv_from(&mut [0; 8])?.1.is_unnamed());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) after the read timeout.
    pub fn recv_from(&self, bytes: &mut [u8]) -> io::Result<(usize, UnixSocketAddr)> {
        let received = self.receive(|socket| socket.recv_from(bytes, 0), || Ok((0, SockAddr::unix("")?)))?;
        Ok((received.0, unix_addr::to_std(&received.1)?))
    }

    /// Waits for a packet; gives its length.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (a, b) = sisal_net::UnixDatagram::pair()?;
    /// a.send(b"hello")?;
    /// assert_eq!(b.recv(&mut [0; 3])?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    pub fn recv(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.receive(|socket| socket.recv(bytes, 0), || Ok(0))
    }

    /// Waits for a packet, or for the end that `end` gives.
    fn receive<T>(
        &self,
        mut call: impl FnMut(&Backing<net::UnixDatagram>) -> io::Result<T>,
        end: impl Fn() -> io::Result<T>,
    ) -> io::Result<T> {
        self.socket.run(Interest::Readable, |socket| match (call(socket), socket) {
            (Err(error), Backing::System(system))
                if error.kind() == io::ErrorKind::WouldBlock && sys::receives_no_more(system) =>
            {
                end()
            }
            (result, _) => result,
        })
    }

    /// Sends one packet to the socket at `path`, once it has room.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::UnixDatagram::unbound()?.send_to(b"x", "nobody/is/here").is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) after the write timeout.
    pub fn send_to<P: AsRef<Path>>(&self, bytes: &[u8], path: P) -> io::Result<usize> {
        self.send_to_system(bytes, &unix_addr::of_path(path.as_ref())?)
    }

    /// Sends one packet to the socket at `address`, once it has room.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-dgram-send-{}", std::process::id()));
    /// let socket = sisal_net::UnixDatagram::bind(&path)?;
    /// sisal_net::UnixDatagram::unbound()?.send_to_addr(b"x", &socket.local_addr()?)?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`send_to`](Self::send_to).
    pub fn send_to_addr(&self, bytes: &[u8], address: &UnixSocketAddr) -> io::Result<usize> {
        self.send_to_system(bytes, &unix_addr::from_std(address)?)
    }

    fn send_to_system(&self, bytes: &[u8], address: &SockAddr) -> io::Result<usize> {
        let limits = Limits { again_after: Some(AGAIN_AFTER), ..Limits::default() };
        let send = |socket: &Backing<net::UnixDatagram>| socket.send_to(bytes, address);
        self.socket.run_with(Interest::Writable, limits, |_| false, send)
    }

    /// Sends one packet to the socket that was [connected](Self::connect) to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert_eq!(sisal_net::UnixDatagram::pair()?.0.send(b"hello")?, 5);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) after the write timeout.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.run(Interest::Writable, |socket| socket.send(bytes))
    }

    /// Ends one or both directions, for all handles. Whoever waits for them returns.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (a, _b) = sisal_net::UnixDatagram::pair()?;
    /// a.shutdown(sisal_net::Shutdown::Both)?;
    /// assert!(a.send(b"x").is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.backing().with(|socket| socket.shutdown(how), |socket| socket.shutdown(how))
    }
}
