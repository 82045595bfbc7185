//! Loops that know nothing of sisal end by themselves when their fiber is cancelled: rustls and tungstenite, unmodified.
//!
//! Look at: the three loops are written as for std, and two of them wait in the middle of a library. A cancel is no signal and unwinds
//! nothing: the call of the socket in which the fiber waits returns an error, and so does every later one; the library hands it up,
//! `?` does the rest. A deadline around such a loop ends it in the same way.
//!
//! ```text
//! $ cargo run --release --example cancelled
//! rustls hears:      hello
//! tungstenite hears: hello
//! rustls, reading:   cancelled
//! rustls, writing:   cancelled
//! tungstenite:       IO error: cancelled
//! by a deadline:     timed out
//! ```

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use sisal::channel::{self, Sender};
use sisal::fiber::JoinHandle;
use sisal::net::UnixStream;
use sisal::{go, time};
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::time::Duration;
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

/// As for https.
const STACK_SIZE: usize = 256 * 1024;

/// Reads lines as long as there are any.
fn read_lines(stream: impl Read, heard: &Sender<String>) -> io::Result<()> {
    for line in BufReader::new(stream).lines() {
        let _ = heard.send(line?);
    }
    Ok(())
}

fn write_for_ever(mut stream: impl Write) -> io::Result<()> {
    loop {
        stream.write_all(&[0; 16 * 1024])?;
    }
}

fn listen(mut socket: WebSocket<UnixStream>, heard: &Sender<String>) -> tungstenite::Result<()> {
    loop {
        let _ = heard.send(socket.read()?.to_text()?.to_owned());
    }
}

type TlsServer = StreamOwned<ServerConnection, UnixStream>;
type TlsClient = StreamOwned<ClientConnection, UnixStream>;

/// Two ends of a connection over TLS, which have not shaken hands yet.
fn tls_pair() -> Result<(TlsServer, TlsClient), Box<dyn Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut trusted = RootCertStore::empty();
    trusted.add(made.cert.der().clone())?;
    let server = ServerConfig::builder().with_no_client_auth();
    let server = server.with_single_cert(vec![made.cert.der().clone()], key)?;
    let client = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    let (ours, theirs) = UnixStream::pair()?;
    let name = ServerName::try_from("localhost")?;
    Ok((
        StreamOwned::new(ServerConnection::new(Arc::new(server))?, ours),
        StreamOwned::new(ClientConnection::new(Arc::new(client), name)?, theirs),
    ))
}

/// Cancels a loop that would go on for ever, and says how it has ended.
fn end<E: Error>(ending: &str, handle: JoinHandle<Result<(), E>>) {
    handle.cancel();
    let ended = handle.join().expect("nothing unwinds");
    println!("{ending:<19}{}", ended.expect_err("it was cut short"));
}

#[sisal::main]
fn main() -> Result<(), Box<dyn Error>> {
    let (heard, hears) = channel::unbounded();

    let (server, mut quiet) = tls_pair()?;
    let theirs = heard.clone();
    let reads = go!(stack_size = STACK_SIZE, move || read_lines(server, &theirs));
    quiet.write_all(b"hello\n")?;
    println!("rustls hears:      {}", hears.recv()?);

    let (server, mut slow) = tls_pair()?;
    let writes = go!(stack_size = STACK_SIZE, move || write_for_ever(server));
    slow.read_exact(&mut [0])?;

    let (ours, theirs) = UnixStream::pair()?;
    let socket = WebSocket::from_raw_socket(ours, Role::Server, None);
    let listens = go!(move || listen(socket, &heard));
    let mut mute = WebSocket::from_raw_socket(theirs, Role::Client, None);
    mute.send(Message::text("hello"))?;
    println!("tungstenite hears: {}", hears.recv()?);

    // From here on `quiet` and `mute` say nothing, `slow` does not read, and none of them hangs up.
    end("rustls, reading:", reads);
    end("rustls, writing:", writes);
    end("tungstenite:", listens);

    let (_server, mut client) = tls_pair()?;
    let waits = || client.read(&mut [0]);
    let ended = time::with_deadline(time::now() + Duration::from_millis(20), waits);
    println!("by a deadline:     {}", ended.expect_err("nobody shakes hands"));
    drop((quiet, slow, mute));
    Ok(())
}
