//! The hello server over TLS: rustls' blocking `StreamOwned`, unmodified, on a fiber's socket.
//!
//! Look at: there is no adapter between rustls and the socket but a clock. rustls may read a socket many times for one read
//! of plain text, so `Patient` turns a timeout into a deadline for all of them; without it, a client that drips bytes could
//! stay for ever. The certificate is made at the start, and written to a file for whoever wants to trust it.
//!
//! ```text
//! $ cargo run --release --example https 127.0.0.1:8443 /tmp/certificate.pem
//! listening on 127.0.0.1:8443
//! $ curl --cacert /tmp/certificate.pem https://localhost:8443/
//! hello over TLSv1_3, TLS13_AES_256_GCM_SHA384
//! ```

use examples::http::{Connection, Status, Transport};
use examples::server::{Client, Server};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

const HANDSHAKE_WAIT_MAX: Duration = Duration::from_secs(10);
/// rustls and its cryptography go deep, above all where the compiler has not optimised them.
const STACK_SIZE: usize = 256 * 1024;

/// A client with a deadline for whatever its user is doing.
struct Patient {
    client: Client,
    deadline: Instant,
}

impl Patient {
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(self.client.now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.client.set_read_timeout(self.left()?)?;
        self.client.read(buffer)
    }
}

impl Write for Patient {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.client.set_write_timeout(self.left()?)?;
        self.client.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.client.flush()
    }
}

/// Plain text on this side, TLS on the other.
struct Tls {
    stream: StreamOwned<ServerConnection, Patient>,
    read_timeout: Duration,
    write_timeout: Duration,
}

impl Tls {
    /// Shakes hands.
    fn accept(client: Client, config: Arc<ServerConfig>) -> io::Result<Self> {
        let deadline = client.now() + HANDSHAKE_WAIT_MAX;
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, Patient { client, deadline });
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { stream, read_timeout: HANDSHAKE_WAIT_MAX, write_timeout: HANDSHAKE_WAIT_MAX })
    }

    fn hurry(&mut self, timeout: Duration) {
        self.stream.sock.deadline = self.now() + timeout;
    }
}

impl Read for Tls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.hurry(self.read_timeout);
        self.stream.read(buffer)
    }
}

impl Write for Tls {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.hurry(self.write_timeout);
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hurry(self.write_timeout);
        self.stream.flush()
    }
}

impl Transport for Tls {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.read_timeout = timeout;
        Ok(())
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.write_timeout = timeout;
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream.conn.send_close_notify();
        self.flush()?;
        self.stream.sock.client.shutdown_write()
    }

    fn set_idle(&mut self, is_idle: bool) -> bool {
        self.stream.sock.client.set_idle(is_idle)
    }

    fn now(&self) -> Instant {
        self.stream.sock.client.now()
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        // Says goodbye, so that the client knows that nobody has cut it short; it may have gone already.
        let _ = self.shutdown_write();
    }
}

fn serve(client: Client, config: Arc<ServerConfig>) -> io::Result<()> {
    client.stream().set_nodelay(true)?;
    let tls = Tls::accept(client, config)?;
    let connection = &tls.stream.conn;
    let (Some(version), Some(suite)) = (connection.protocol_version(), connection.negotiated_cipher_suite())
    else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let text = format!("hello over {version:?}, {:?}\n", suite.suite());

    let mut connection = Connection::new(tls)?;
    while let Some(mut exchange) = connection.next_exchange()? {
        exchange.respond(Status::OK).header("Content-Type", "text/plain").body(text.as_bytes())?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    if let Some(path) = std::env::args().nth(2) {
        std::fs::write(path, made.cert.pem())?;
    }
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(io::Error::other)?;
    let config = Arc::new(config);
    Server::default().stack_size(STACK_SIZE).run(move |client| serve(client, config.clone()))
}
