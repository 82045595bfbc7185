//! A TCP echo server: whatever comes is sent back, a fiber a connection.
//!
//! Look at: the loop of a connection is the one that the standard library's documentation would have for a thread; here
//! ten thousand of them are cheap. Ctrl-C or SIGTERM ends every client's input: what has come is sent back, and then the
//! loops end by themselves.
//!
//! ```text
//! $ cargo run --release --example echo 127.0.0.1:7000
//! listening on 127.0.0.1:7000
//! $ echo hello | nc -N 127.0.0.1 7000
//! hello
//! ```

use examples::server::{self, Client};
use std::io::{self, Read, Write};

fn echo(mut client: Client) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match client.read(&mut buffer)? {
            0 => return Ok(()),
            count => client.write_all(&buffer[..count])?,
        }
    }
}

fn main() -> io::Result<()> {
    server::run(echo)
}
