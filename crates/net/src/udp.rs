//! A UDP socket, as [`std::net::UdpSocket`].
//!
//! Knows nothing of who waits.

use crate::addr::{each, no_addresses, of_ip};
use crate::backing::unsupported;
use crate::sim::TTL;
use crate::socket::Socket;
use crate::{Ipv4Addr, Ipv6Addr, ListenOptions, SocketAddr, ToSocketAddrs};
use sisal_reactor::Interest;
use socket2::SockAddr;
use std::io;
use std::net;

/// A UDP socket, as [`std::net::UdpSocket`]: waiting suspends the fiber, or blocks a bare thread. Several may send and
/// receive at once.
///
/// ```
/// use sisal_net::UdpSocket;
///
/// # fn main() -> std::io::Result<()> {
/// let (a, b) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
/// a.send_to(b"hello", b.local_addr()?)?;
/// let mut bytes = [0; 16];
/// assert_eq!(b.recv_from(&mut bytes)?, (5, a.local_addr()?));
/// assert_eq!(&bytes[..5], b"hello");
/// # Ok(()) }
/// ```
pub struct UdpSocket {
    pub(crate) socket: Socket<net::UdpSocket>,
}

socket!(UdpSocket, std::net::UdpSocket, "let socket = sisal_net::UdpSocket::bind(\"127.0.0.1:0\")?;");
timeouts!(UdpSocket, "let socket = sisal_net::UdpSocket::bind(\"127.0.0.1:0\")?;");

/// An option that was kept as a number.
fn is_set(value: u32) -> bool {
    value != 0
}

/// An option that std's socket sets and gets: what it is to begin with and how it is read in a simulation, what it is, and the value of
/// the example.
macro_rules! option {
    ($($get:ident, $set:ident: $type:ty = $default:expr, $from:expr, $what:literal, $value:literal;)*) => {
        impl UdpSocket {$(
            #[doc = concat!("Sets ", $what, ".")]
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
            #[doc = concat!("socket.", stringify!($set), "(", stringify!($value), ")?;")]
            #[doc = concat!("assert_eq!(socket.", stringify!($get), "()?, ", stringify!($value), ");")]
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            /// The system's.
            pub fn $set(&self, value: $type) -> io::Result<()> {
                self.socket.backing().set(stringify!($get), value, |socket| socket.$set(value))
            }

            #[doc = concat!("Gives ", $what, ".")]
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
            #[doc = concat!("println!(\"{}\", socket.", stringify!($get), "()?);")]
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            /// The system's.
            pub fn $get(&self) -> io::Result<$type> {
                self.socket.backing().with(
                    |socket| socket.$get(),
                    |socket| Ok($from(socket.get(stringify!($get)).unwrap_or($default))),
                )
            }
        )*}
    };
}

option! {
    broadcast, set_broadcast: bool = 0, is_set, "whether it may send to broadcast addresses", true;
    ttl, set_ttl: u32 = TTL, u32::from, "how many hops its packets may take", 42;
    multicast_loop_v4, set_multicast_loop_v4: bool = 1, is_set, "whether it receives its own IPv4 multicast packets", false;
    multicast_ttl_v4, set_multicast_ttl_v4: u32 = 1, u32::from, "how many hops its IPv4 multicast packets may take", 3;
}

impl UdpSocket {
    /// A socket at the first of the addresses that can be had. Port 0 is any free one.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The last address's, or [`InvalidInput`](io::ErrorKind::InvalidInput) if there is none.
    pub fn bind<A: ToSocketAddrs>(addresses: A) -> io::Result<Self> {
        ListenOptions::new().udp(addresses)
    }

    /// Waits for a packet; gives its length, and whose it is. What does not fit into `bytes` is lost.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.send_to(b"x", socket.local_addr()?)?;
    /// assert_eq!(socket.recv_from(&mut [0; 8])?, (1, socket.local_addr()?));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) after the read timeout.
    pub fn recv_from(&self, bytes: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.recv_from_with(bytes, 0)
    }

    /// [`recv_from`](Self::recv_from) that leaves the packet there.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.send_to(b"x", socket.local_addr()?)?;
    /// assert_eq!(socket.peek_from(&mut [0; 8])?, socket.recv_from(&mut [0; 8])?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    pub fn peek_from(&self, bytes: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.recv_from_with(bytes, libc::MSG_PEEK)
    }

    fn recv_from_with(&self, bytes: &mut [u8], flags: libc::c_int) -> io::Result<(usize, SocketAddr)> {
        let (count, address) =
            self.socket.run(Interest::Readable, |socket| socket.recv_from(bytes, flags))?;
        Ok((count, of_ip(&address)?))
    }

    /// Sends one packet to the first of the addresses.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// assert_eq!(socket.send_to(b"hello", socket.local_addr()?)?, 5);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's, [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no address,
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) after the write timeout.
    pub fn send_to<A: ToSocketAddrs>(&self, bytes: &[u8], addresses: A) -> io::Result<usize> {
        let address = SockAddr::from(addresses.to_socket_addrs()?.next().ok_or_else(no_addresses)?);
        self.socket.run(Interest::Writable, |socket| socket.send_to(bytes, &address))
    }

    /// From now on talks with the first of the addresses that the system accepts, and with nobody else.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.connect(socket.local_addr()?)?;
    /// socket.send(b"x")?;
    /// assert_eq!(socket.recv(&mut [0; 8])?, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The last address's, or [`InvalidInput`](io::ErrorKind::InvalidInput) if there is none.
    pub fn connect<A: ToSocketAddrs>(&self, addresses: A) -> io::Result<()> {
        each(addresses, |address| {
            let connect = |socket: &net::UdpSocket| socket.connect(address);
            self.socket.backing().with(connect, |socket| socket.connect(&address.into()))
        })
    }

    /// Sends one packet to the address that was [connected](Self::connect) to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// assert!(socket.send(b"x").is_err(), "to whom?");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) after the write timeout.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.run(Interest::Writable, |socket| socket.send(bytes))
    }

    /// Waits for a packet from the address that was [connected](Self::connect) to; gives its length.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.send_to(b"x", socket.local_addr()?)?;
    /// assert_eq!(socket.recv(&mut [0; 8])?, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    pub fn recv(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.socket.run(Interest::Readable, |socket| socket.recv(bytes, 0))
    }

    /// [`recv`](Self::recv) that leaves the packet there.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// socket.send_to(b"x", socket.local_addr()?)?;
    /// assert_eq!((socket.peek(&mut [0; 8])?, socket.recv(&mut [0; 8])?), (1, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    pub fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.socket.run(Interest::Readable, |socket| socket.recv(bytes, libc::MSG_PEEK))
    }

    /// The address that was [connected](Self::connect) to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::UdpSocket::bind("127.0.0.1:0")?.peer_addr().is_err());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`NotConnected`](io::ErrorKind::NotConnected) if there is none.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.backing().with(|socket| socket.peer_addr(), |socket| of_ip(&socket.peer()?))
    }

    /// This side's address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert!(sisal_net::UdpSocket::bind("127.0.0.1:0")?.local_addr()?.ip().is_loopback());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.backing().with(|socket| socket.local_addr(), |socket| of_ip(&socket.local()?))
    }

    /// Sets whether it receives its own IPv6 multicast packets.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// if let Ok(socket) = sisal_net::UdpSocket::bind("[::1]:0") {
    ///     socket.set_multicast_loop_v6(false)?;
    ///     assert!(!socket.multicast_loop_v6()?);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's, for instance on an IPv4 socket.
    pub fn set_multicast_loop_v6(&self, value: bool) -> io::Result<()> {
        self.socket.backing().with(|socket| socket.set_multicast_loop_v6(value), |_| Err(unsupported()))
    }

    /// Gives whether it receives its own IPv6 multicast packets.
    ///
    /// ```
    /// assert!(sisal_net::UdpSocket::bind("127.0.0.1:0").unwrap().multicast_loop_v6().is_err());
    /// ```
    ///
    /// # Errors
    /// The system's, for instance on an IPv4 socket.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.socket.backing().with(net::UdpSocket::multicast_loop_v6, |_| Err(unsupported()))
    }

    /// Joins a multicast group at the interface with that address; unspecified means any.
    ///
    /// ```
    /// # use std::net::Ipv4Addr;
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// assert!(socket.join_multicast_v4(&Ipv4Addr::LOCALHOST, &Ipv4Addr::LOCALHOST).is_err(), "no group");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.socket
            .backing()
            .with(|socket| socket.join_multicast_v4(group, interface), |_| Err(unsupported()))
    }

    /// Joins a multicast group at the interface with that index; 0 means any.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// assert!(socket.join_multicast_v6(&std::net::Ipv6Addr::LOCALHOST, 0).is_err(), "no group");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket
            .backing()
            .with(|socket| socket.join_multicast_v6(group, interface), |_| Err(unsupported()))
    }

    /// Leaves a multicast group; see [`join_multicast_v4`](Self::join_multicast_v4).
    ///
    /// ```
    /// # use std::net::Ipv4Addr;
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// let group = Ipv4Addr::new(224, 0, 0, 123);
    /// assert!(socket.leave_multicast_v4(&group, &Ipv4Addr::LOCALHOST).is_err(), "not joined");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.socket
            .backing()
            .with(|socket| socket.leave_multicast_v4(group, interface), |_| Err(unsupported()))
    }

    /// Leaves a multicast group; see [`join_multicast_v6`](Self::join_multicast_v6).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = sisal_net::UdpSocket::bind("127.0.0.1:0")?;
    /// assert!(socket.leave_multicast_v6(&std::net::Ipv6Addr::LOCALHOST, 0).is_err(), "not joined");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket
            .backing()
            .with(|socket| socket.leave_multicast_v6(group, interface), |_| Err(unsupported()))
    }
}
