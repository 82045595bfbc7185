#![doc = include_str!("../README.md")]

#[macro_use]
mod macros;

mod addr;
mod backing;
mod connect;
mod incoming;
mod listen_options;
mod pipe;
pub mod sim;
mod socket;
mod sys;
mod tcp_listener;
mod tcp_stream;
mod udp;
mod unix_addr;
mod unix_datagram;
mod unix_listener;
mod unix_stream;

pub use addr::ToSocketAddrs;
pub use incoming::Incoming;
pub use listen_options::ListenOptions;
pub use pipe::{PipeReader, PipeWriter, pipe};
pub use sisal_reactor::{Readiness, wait_exit, wait_readable, wait_writable};
pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
};
pub use tcp_listener::TcpListener;
pub use tcp_stream::TcpStream;
pub use udp::UdpSocket;
pub use unix_datagram::UnixDatagram;
pub use unix_listener::UnixListener;
pub use unix_stream::UnixStream;

/// The address of a Unix socket, which is [`std::os::unix::net::SocketAddr`].
pub use std::os::unix::net::SocketAddr as UnixSocketAddr;
