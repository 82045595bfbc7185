//! A TCP echo server: whatever comes is sent back, a fiber a connection.
//!
//! Look at: the loop of a connection is the one that the standard library's documentation would have for a thread; here
//! ten thousand of them are cheap. Ctrl-C or SIGTERM asks every fiber to end, by value: its next wait gives an error.
//!
//! ```text
//! $ cargo run --release --example echo 127.0.0.1:7000
//! listening on 127.0.0.1:7000
//! $ echo hello | nc -N 127.0.0.1 7000
//! hello
//! ```

use examples::server;
use sisal::net::TcpStream;
use std::io::{self, Read, Write};

fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count])?,
        }
    }
}

fn main() -> io::Result<()> {
    server::run(echo)
}
