//! Happy eyeballs: connect to a name with several addresses, of which some do not answer (RFC 8305).
//!
//! Look at: `connect` is straight-line code. The next address is tried as soon as the one before has failed, or after a delay
//! if it is silent; the first connection wins, and leaving the scope cancels and awaits the attempts that are still under
//! way. Here the first address refuses, the second is silent and the third answers.
//!
//! ```text
//! $ cargo run --release --example happy_eyeballs
//! refused, so the next at once
//! silent, so the next beside it
//! connected to the third
//! cancelled on the way: the second
//! ```

use sisal::net::{ListenOptions, TcpListener, TcpStream};
use sisal::{channel, fiber};
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

/// How long an attempt may be silent before the next begins. RFC 8305 recommends 250 ms; this must hold on a machine that has
/// much else to do.
const DELAY: Duration = Duration::from_millis(500);

/// Connects to one of `addresses`, tried in order; the error of the last, if none answers. Attempts that are cut short are
/// added to `cancelled`.
fn connect(addresses: &[SocketAddr], cancelled: &Mutex<Vec<SocketAddr>>) -> io::Result<TcpStream> {
    fiber::scope(|s| {
        let (ended, results) = channel::unbounded();
        let mut untried = addresses.iter();
        let mut running = 0;
        let mut error = io::Error::new(io::ErrorKind::InvalidInput, "no address to connect to");
        loop {
            if let Some(&address) = untried.next() {
                let ended = ended.clone();
                running += 1;
                s.spawn(move || {
                    let result = TcpStream::connect(address);
                    if result.is_err() && fiber::is_cancelled() {
                        cancelled.lock().unwrap().push(address);
                    }
                    // Nobody listens any more once there is a winner.
                    let _ = ended.send(result);
                });
            } else if running == 0 {
                return Err(error);
            }
            let delay = if untried.len() > 0 { DELAY } else { Duration::MAX };
            match results.recv_timeout(delay) {
                Ok(Ok(stream)) => {
                    s.cancel();
                    return Ok(stream);
                }
                Ok(Err(failure)) => {
                    println!("refused, so the next at once");
                    running -= 1;
                    error = failure;
                }
                Err(_) => println!("silent, so the next beside it"),
            }
        }
    })
}

/// An address at which nobody listens.
fn refusing() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// A listener that accepts nothing and whose backlog is full: the kernel drops who knocks. With who fills it.
fn silent() -> io::Result<(TcpListener, Vec<TcpStream>)> {
    let listener = ListenOptions::new().backlog(1).tcp("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        waiting.push(stream);
    }
    Ok((listener, waiting))
}

#[sisal::main]
fn main() -> io::Result<()> {
    let (silent, _waiting) = silent()?;
    let live = TcpListener::bind("127.0.0.1:0")?;
    let addresses = [refusing()?, silent.local_addr()?, live.local_addr()?];
    let cancelled = Mutex::new(Vec::new());
    let stream = connect(&addresses, &cancelled)?;
    assert_eq!(stream.peer_addr()?, addresses[2]);
    println!("connected to the third");
    assert_eq!(cancelled.into_inner().unwrap(), [addresses[1]]);
    println!("cancelled on the way: the second");
    Ok(())
}
