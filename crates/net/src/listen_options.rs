//! How a socket is bound: what must be settled before it has its address.
//!
//! Knows nothing of what the socket is for.

use crate::addr::each;
use crate::connect::{listen, open};
use crate::sim;
use crate::socket::{Socket, StdSocket};
use crate::{SocketAddr, TcpListener, ToSocketAddrs, UdpSocket, UnixListener, unix_addr};
use socket2::{Domain, Protocol, SockRef, Type};
use std::io;
use std::net;
use std::path::Path;

/// How many connections may wait for an `accept`. The kernel cuts it down to what it is set to (`net.core.somaxconn`).
pub(crate) const BACKLOG: u32 = 4096;

/// How to bind a socket, as [`std::fs::OpenOptions`] says how to open a file. What is not set is as
/// [`TcpListener::bind`], [`UdpSocket::bind`] and [`UnixListener::bind`] do it.
///
/// ```
/// use sisal_net::ListenOptions;
/// # fn main() -> std::io::Result<()> {
/// let listener = ListenOptions::new().backlog(64).reuse_port(true).tcp("127.0.0.1:0")?;
/// // A second one at the same address: the kernel gives each connection to one of the two.
/// let second = ListenOptions::new().reuse_port(true).tcp(listener.local_addr()?)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ListenOptions {
    backlog: Option<u32>,
    reuse_port: bool,
    keep_address: bool,
    only_v6: Option<bool>,
    recv_buffer_size: Option<usize>,
    send_buffer_size: Option<usize>,
}

impl ListenOptions {
    /// As the plain `bind`s.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many connections may wait for their `accept`; 4,096 if not set. The kernel cuts it down to what it is set to
    /// (on Linux `net.core.somaxconn`).
    pub fn backlog(&mut self, connections: u32) -> &mut Self {
        self.backlog = Some(connections);
        self
    }

    /// Whether other sockets that say so too may have the same address (`SO_REUSEPORT`). On Linux the kernel then spreads
    /// connections, or packets, over them; see [`tcp_group`](Self::tcp_group).
    pub fn reuse_port(&mut self, reuse: bool) -> &mut Self {
        self.reuse_port = reuse;
        self
    }

    /// Whether a TCP address can be had again while old connections to it are closing (`SO_REUSEADDR`); `true` if not set,
    /// as std does on Unix.
    pub fn reuse_address(&mut self, reuse: bool) -> &mut Self {
        self.keep_address = !reuse;
        self
    }

    /// Whether an IPv6 socket leaves IPv4 to others (`IPV6_V6ONLY`), also at the wildcard address; the system's choice if
    /// not set.
    pub fn only_v6(&mut self, only: bool) -> &mut Self {
        self.only_v6 = Some(only);
        self
    }

    /// The size in bytes of the receive buffer, which accepted connections inherit. The kernel rounds it, and on Linux doubles
    /// it; and it gives up tuning it by itself.
    pub fn recv_buffer_size(&mut self, bytes: usize) -> &mut Self {
        self.recv_buffer_size = Some(bytes);
        self
    }

    /// The size in bytes of the send buffer; see [`recv_buffer_size`](Self::recv_buffer_size).
    pub fn send_buffer_size(&mut self, bytes: usize) -> &mut Self {
        self.send_buffer_size = Some(bytes);
        self
    }

    /// Listens at the first of the addresses that can be had, as [`TcpListener::bind`].
    ///
    /// # Errors
    /// The last address's, or [`InvalidInput`](io::ErrorKind::InvalidInput) if there is none.
    pub fn tcp<A: ToSocketAddrs>(&self, addresses: A) -> io::Result<TcpListener> {
        each(addresses, |address| {
            if let Some(network) = sim::network() {
                let (source, listener) = network.listen(address, self.terms())?;
                return Ok(TcpListener { socket: Socket::simulated(source, listener) });
            }
            let socket: net::TcpListener =
                open(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
            SockRef::from(&socket).set_reuse_address(!self.keep_address)?;
            self.apply(&socket, address)?;
            SockRef::from(&socket).bind(&address.into())?;
            Ok(TcpListener { socket: listen(socket, self.backlog.unwrap_or(BACKLOG))? })
        })
    }

    /// `count` listeners at one address, over which the kernel spreads the connections ([`reuse_port`](Self::reuse_port)). With
    /// one for each worker, accepted by a fiber whose home it is, no worker waits for another to accept.
    ///
    /// ```
    /// use sisal_net::ListenOptions;
    /// # fn main() -> std::io::Result<()> {
    /// let group = ListenOptions::new().tcp_group("127.0.0.1:0", 4)?;
    /// assert_eq!(group.len(), 4);
    /// assert_eq!(group[0].local_addr()?, group[3].local_addr()?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`tcp`](Self::tcp).
    pub fn tcp_group<A: ToSocketAddrs>(&self, addresses: A, count: usize) -> io::Result<Vec<TcpListener>> {
        let options = Self { reuse_port: true, ..self.clone() };
        let mut group = Vec::new();
        if count > 0 {
            group.push(options.tcp(addresses)?);
        }
        while group.len() < count {
            group.push(options.tcp(group[0].local_addr()?)?);
        }
        Ok(group)
    }

    /// A socket at the first of the addresses that can be had, as [`UdpSocket::bind`]. It has no backlog.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::ListenOptions::new().recv_buffer_size(1 << 20).udp("127.0.0.1:0")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`tcp`](Self::tcp).
    pub fn udp<A: ToSocketAddrs>(&self, addresses: A) -> io::Result<UdpSocket> {
        each(addresses, |address| {
            if let Some(network) = sim::network() {
                let (source, socket) = network.bind_packets(address, self.terms())?;
                return Ok(UdpSocket { socket: Socket::simulated(source, socket) });
            }
            let socket: net::UdpSocket =
                open(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
            self.apply(&socket, address)?;
            SockRef::from(&socket).bind(&address.into())?;
            Ok(UdpSocket { socket: Socket::new(socket) })
        })
    }

    /// Listens at `path`, as [`UnixListener::bind`]. Of the options, the backlog counts.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-options-{}", std::process::id()));
    /// let listener = sisal_net::ListenOptions::new().backlog(8).unix(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's, for instance if the file exists.
    pub fn unix<P: AsRef<Path>>(&self, path: P) -> io::Result<UnixListener> {
        UnixListener::bind_system(&unix_addr::of_path(path.as_ref())?, self.backlog.unwrap_or(BACKLOG))
    }

    /// What of it counts in a simulation.
    fn terms(&self) -> sim::Terms {
        let Self { reuse_port, only_v6, .. } = *self;
        let backlog = self.backlog.unwrap_or(BACKLOG) as usize;
        sim::Terms { backlog, reuse_port, only_v6: only_v6.unwrap_or(false) }
    }

    /// Settles on `socket` what TCP and UDP have in common.
    fn apply(&self, socket: &impl StdSocket, address: SocketAddr) -> io::Result<()> {
        let options = SockRef::from(socket);
        if self.reuse_port {
            options.set_reuse_port(true)?;
        }
        if let (Some(only), true) = (self.only_v6, address.is_ipv6()) {
            options.set_only_v6(only)?;
        }
        if let Some(bytes) = self.recv_buffer_size {
            options.set_recv_buffer_size(bytes)?;
        }
        if let Some(bytes) = self.send_buffer_size {
            options.set_send_buffer_size(bytes)?;
        }
        Ok(())
    }
}
