//! A Unix socket that accepts connections, as [`std::os::unix::net::UnixListener`].
//!
//! Knows nothing of what the connections are for.

use crate::connect::{listen, open};
use crate::incoming::accept;
use crate::listen_options::BACKLOG;
use crate::sim;
use crate::socket::Socket;
use crate::{Incoming, ListenOptions, UnixSocketAddr, UnixStream, unix_addr};
use socket2::{Domain, SockAddr, SockRef, Type};
use std::io;
use std::os::unix::net;
use std::path::Path;

/// A Unix socket that accepts connections, as [`std::os::unix::net::UnixListener`]: waiting suspends the fiber, or blocks a
/// bare thread. As with std's, its file stays when it is dropped.
///
/// ```
/// use sisal_net::{UnixListener, UnixStream};
/// use std::io::{Read, Write};
///
/// # fn main() -> std::io::Result<()> {
/// let path = std::env::temp_dir().join(format!("sisal-doc-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// UnixStream::connect(&path)?.write_all(b"hello")?;
/// let mut text = String::new();
/// listener.accept()?.0.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// std::fs::remove_file(&path)?;
/// # Ok(()) }
/// ```
pub struct UnixListener {
    socket: Socket<net::UnixListener>,
}

socket!(
    UnixListener,
    std::os::unix::net::UnixListener,
    "# let path = tempfile();
let socket = sisal_net::UnixListener::bind(&path)?;
# std::fs::remove_file(&path)?;
# fn tempfile() -> std::path::PathBuf {
#     static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
#     let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
#     std::env::temp_dir().join(format!(\"sisal-doc-{}-{count}-{:?}\", std::process::id(), std::time::Instant::now()))
# }"
);

impl UnixListener {
    /// Listens at `path`, where a file appears. Up to 4,096 connections may wait for their [`accept`](Self::accept), or
    /// what the kernel allows.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-bind-{}", std::process::id()));
    /// let listener = sisal_net::UnixListener::bind(&path)?;
    /// assert!(sisal_net::UnixListener::bind(&path).is_err(), "taken");
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's, for instance if the file exists.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        ListenOptions::new().unix(path)
    }

    /// Listens at `address`, which may be in Linux's abstract namespace.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-bind-addr-{}", std::process::id()));
    /// let address = sisal_net::UnixSocketAddr::from_pathname(&path)?;
    /// let listener = sisal_net::UnixListener::bind_addr(&address)?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn bind_addr(address: &UnixSocketAddr) -> io::Result<Self> {
        Self::bind_system(&unix_addr::from_std(address)?, BACKLOG)
    }

    pub(crate) fn bind_system(address: &SockAddr, backlog: u32) -> io::Result<Self> {
        if let Some(network) = sim::network() {
            let (source, listener) = network.listen_unix(address, backlog)?;
            return Ok(Self { socket: Socket::simulated(source, listener) });
        }
        let socket: net::UnixListener = open(Domain::UNIX, Type::STREAM, None)?;
        SockRef::from(&socket).bind(address)?;
        Ok(Self { socket: listen(socket, backlog)? })
    }

    /// Waits for a connection; gives it, and the other side's address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-accept-{}", std::process::id()));
    /// let listener = sisal_net::UnixListener::bind(&path)?;
    /// let client = sisal_net::UnixStream::connect(&path)?;
    /// assert!(listener.accept()?.1.is_unnamed());
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`TcpListener::accept`](crate::TcpListener::accept).
    pub fn accept(&self) -> io::Result<(UnixStream, UnixSocketAddr)> {
        let (socket, address) = accept(&self.socket)?;
        Ok((UnixStream { socket }, unix_addr::to_std(&address)?))
    }

    /// An iterator over the connections; see [`Incoming`] for when it ends.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-incoming-{}", std::process::id()));
    /// let listener = sisal_net::UnixListener::bind(&path)?;
    /// let client = sisal_net::UnixStream::connect(&path)?;
    /// assert!(listener.incoming().next().unwrap().is_ok());
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    pub fn incoming(&self) -> Incoming<'_, Self> {
        Incoming::new(self)
    }

    /// The address at which it listens.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("sisal-doc-local-{}", std::process::id()));
    /// let listener = sisal_net::UnixListener::bind(&path)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(&*path));
    /// # std::fs::remove_file(&path)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<UnixSocketAddr> {
        self.socket.backing().with(|socket| socket.local_addr(), |socket| unix_addr::to_std(&socket.local()?))
    }
}
