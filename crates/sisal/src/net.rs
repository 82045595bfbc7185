//! Sockets, as [`std::net`] has them: they suspend the fiber where std's would block the OS thread.
//!
//! Knows nothing of readiness; that is `sisal-reactor`.
//!
//! A listener for each worker, so that none waits for another to accept:
//!
//! ```
//! use sisal::{fiber, net, runtime};
//! use std::io::{Read, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! let workers = runtime::current_handle().workers();
//! let listeners = net::ListenOptions::new().tcp_group("127.0.0.1:0", workers)?;
//! let address = listeners[0].local_addr()?;
//! for (worker, listener) in listeners.into_iter().enumerate() {
//!     fiber::Builder::new().home(worker).spawn(move || {
//!         for stream in listener.incoming() {
//!             let Ok(mut stream) = stream else { return };
//!             fiber::Builder::new().home(worker).spawn(move || stream.write_all(b"hello")).unwrap();
//!         }
//!     })?;
//! }
//! let mut text = String::new();
//! net::TcpStream::connect(address)?.read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//! # Ok(()) }
//! ```

pub use sisal_net::{
    AddrParseError, Incoming, IpAddr, Ipv4Addr, Ipv6Addr, ListenOptions, Shutdown, SocketAddr, SocketAddrV4,
    SocketAddrV6, TcpListener, TcpStream, ToSocketAddrs, UdpSocket, UnixDatagram, UnixListener,
    UnixSocketAddr, UnixStream,
};
