//! A TCP proxy: what a client sends goes to the server behind it, what that sends comes back.
//!
//! Look at: each direction is a loop on a fiber of its own, and both borrow the two sockets from one frame. The end of one
//! direction is passed on as such (`shutdown(Write)`), so a client may finish its question and still wait for the answer. A
//! side that fails ends both directions. Silence ends them only if both are silent.
//!
//! ```text
//! $ cargo run --release --example proxy 127.0.0.1:8000 127.0.0.1:8080
//! listening on 127.0.0.1:8000
//! $ wrk -t1 -c64 -d10s http://127.0.0.1:8000/
//! ```

use examples::server::{self, Client};
use sisal::fiber;
use sisal::net::TcpStream;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where the server is that was not named.
const BEHIND: &str = "127.0.0.1:8080";
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);
/// For both sides together.
const IDLE_WAIT_MAX: Duration = Duration::from_secs(300);
/// For a side that does not take what the other has sent; meanwhile the other waits.
const WRITE_WAIT_MAX: Duration = Duration::from_secs(60);

fn serve(client: &Client, behind: &SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect_timeout(behind, CONNECT_WAIT_MAX)?;
    for stream in [client.stream(), &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(IDLE_WAIT_MAX))?;
        stream.set_write_timeout(Some(WRITE_WAIT_MAX))?;
    }
    let moves = AtomicU64::new(0);
    fiber::scope(|s| {
        s.spawn(|| pass_on(client.stream(), &server, &moves));
        pass_on(&server, client.stream(), &moves);
    });
    Ok(())
}

/// Copies one direction to its end, and passes the end on.
fn pass_on(from: &TcpStream, to: &TcpStream, moves: &AtomicU64) {
    let how = match copy(from, to, moves) {
        Ok(()) => Shutdown::Write,
        Err(_) => Shutdown::Both,
    };
    // Whoever is gone already needs no word of it.
    let _ = to.shutdown(how);
    if how == Shutdown::Both {
        let _ = from.shutdown(how);
    }
}

fn copy(mut from: &TcpStream, mut to: &TcpStream, moves: &AtomicU64) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let before = moves.load(Ordering::Relaxed);
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // This direction may be silent as long as the other is not.
            Err(_) if moves.load(Ordering::Relaxed) != before => continue,
            Err(error) => return Err(error),
        }
        moves.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() -> io::Result<()> {
    let behind = std::env::args().nth(2).unwrap_or_else(|| BEHIND.to_owned());
    let behind = behind.to_socket_addrs()?.next().ok_or(io::ErrorKind::AddrNotAvailable)?;
    server::run(move |client| serve(&client, &behind))
}
