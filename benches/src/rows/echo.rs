//! What does a server take that sends back what it gets: for each message, and for a connection that is silent?
//!
//! A task a connection, each with a buffer of 4 KiB. The messages are 64 bytes.

use super::prelude::*;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

const BUFFER: usize = 4096;
const PEERS: &[(Peer, Body)] = &[
    (Peer::Sisal, sisal),
    (Peer::SisalMigrate, sisal),
    (Peer::Tokio, tokio),
    (Peer::May, may),
    (Peer::Smol, smol),
    (Peer::Threads, threads),
];
const LOADED: &str = "as fast as the generator, where that is the slower one";

pub(super) const ECHO: Row = Row::new(
    "echo-64",
    "TCP echo, 64 connections, 1 worker",
    &[
        Figure::new("cpu_us", "µs").target(5.2),
        Figure::new("requests_per_s", "/s").rising().aside(LOADED),
        Figure::new("p99_us", "µs"),
        Figure::new("load_percent", "%").aside("CPU of the generator"),
    ],
)
.family("echo", &[64])
.workers(1)
.peers(PEERS)
.serve(Load::Echo);
pub(super) const IDLE: Row = Row::new(
    "idle-5000",
    "5,000 idle connections, each",
    &[Figure::new("bytes", "B").target(8_400.0).aside(STACK)],
)
.family("echo", &[5_000])
.peers(PEERS)
.serve(Load::Idle);
const STACK: &str = "a stack takes a page; a stackless task takes a few hundred bytes of heap";

/// Tells the parent where the server is.
pub(super) fn announce(address: io::Result<SocketAddr>) {
    println!("listening on {}", address.expect("a listener has an address"));
}

fn sisal(setup: &Setup) -> Figures {
    use sisal::net::{TcpListener, TcpStream};
    fn serve(mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = [0; BUFFER];
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok(()),
                count => stream.write_all(&buffer[..count])?,
            }
        }
    }
    peers::sisal::run(setup, |_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        announce(listener.local_addr());
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            // A client that goes away is its own affair.
            sisal::spawn(move || _ = serve(stream));
        }
        unreachable!("a listener listens for ever")
    })
}

fn tokio(setup: &Setup) -> Figures {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    async fn serve(mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; BUFFER];
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(()),
                count => stream.write_all(&buffer[..count]).await?,
            }
        }
    }
    peers::tokio::run(setup, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        announce(listener.local_addr());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream));
        }
    })
}

fn may(setup: &Setup) -> Figures {
    use may::net::{TcpListener, TcpStream};
    fn serve(mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = [0; BUFFER];
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok(()),
                count => stream.write_all(&buffer[..count])?,
            }
        }
    }
    peers::may::run(setup, |_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        announce(listener.local_addr());
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            go!(move || _ = serve(stream));
        }
        unreachable!("a listener listens for ever")
    })
}

fn smol(setup: &Setup) -> Figures {
    use smol::io::{AsyncReadExt, AsyncWriteExt};
    use smol::net::{TcpListener, TcpStream};
    async fn serve(mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = vec![0; BUFFER];
        loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(()),
                count => stream.write_all(&buffer[..count]).await?,
            }
        }
    }
    peers::smol::run(setup, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        announce(listener.local_addr());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            peers::smol::spawn(serve(stream)).detach();
        }
    })
}

fn threads(_: &Setup) -> Figures {
    use std::net::{TcpListener, TcpStream};
    fn serve(mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = [0; BUFFER];
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok(()),
                count => stream.write_all(&buffer[..count])?,
            }
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    announce(listener.local_addr());
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || serve(stream));
    }
    unreachable!("a listener listens for ever")
}
