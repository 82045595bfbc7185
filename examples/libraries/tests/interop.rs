//! Goal: blocking crates run over sisal's sockets as they are: nothing of them is patched, wrapped or configured for it.
//! Method: both ends of each conversation are fibers, on one, two and four workers.

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use sisal::fiber::{self, JoinHandle};
use sisal::net::{Shutdown, TcpListener, TcpStream, UnixStream};
use sisal::runtime::Runtime;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Runs `test` as the root fiber of a runtime of each size, which must end by itself.
fn on_each_size(test: impl Fn() + Sync) {
    for workers in [1, 2, 4] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        runtime.run(&test);
        runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
    }
}

/// Handshakes and frames need more than the 60 KB of a fiber's usual stack, in a debug build at least.
fn spawn_deep<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    fiber::Builder::new().stack_size(256 * 1024).spawn(f).unwrap()
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

#[test]
fn io_copy_passes_on_data_and_ends_in_both_directions() {
    on_each_size(|| {
        // client - (a, b) - the copier - (c, d) - the other side, which answers only after the client's end.
        let ((client, b), (c, d)) = (pair(), pair());
        let (b, c) = (Arc::new(b), Arc::new(c));
        for (from, to) in [(b.clone(), c.clone()), (c, b)] {
            fiber::spawn(move || {
                io::copy(&mut &*from, &mut &*to).unwrap();
                to.shutdown(Shutdown::Write).unwrap();
            });
        }
        fiber::spawn(move || {
            let mut text = String::new();
            (&d).read_to_string(&mut text).unwrap();
            write!(&d, "{} bytes", text.len()).unwrap();
        });
        let mut writer = BufWriter::with_capacity(1000, &client);
        (0..20_000).for_each(|n| write!(writer, "{n:05}").unwrap());
        writer.flush().unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        (&client).read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "100000 bytes");
    });
}

#[test]
fn serde_json_reads_values_off_a_socket() {
    on_each_size(|| {
        let (client, server) = pair();
        let writing = fiber::spawn(move || {
            for n in 0..200 {
                serde_json::to_writer(&client, &serde_json::json!({ "n": n, "text": "x".repeat(n) }))
                    .unwrap();
            }
        });
        let values = serde_json::Deserializer::from_reader(BufReader::new(&server));
        let lengths = values.into_iter::<serde_json::Value>().map(|value| {
            let value = value.unwrap();
            assert_eq!(value["text"].as_str().unwrap().len() as u64, value["n"].as_u64().unwrap());
        });
        assert_eq!(lengths.count(), 200);
        writing.join().unwrap();
        let (mut client, server) = pair();
        client.write_all(b"[1, 2, 3]").unwrap();
        drop(client);
        assert_eq!(serde_json::from_reader::<_, Vec<i32>>(server).unwrap(), [1, 2, 3]);
    });
}

#[test]
fn httparse_finds_heads_that_come_in_pieces() {
    on_each_size(|| {
        let (client, mut server) = pair();
        let writing = fiber::spawn(move || {
            for piece in
                ["GET /a?b=c HT", "TP/1.1\r\nHo", "st: here\r\n", "\r\n", "GET /last HTTP/1.1\r\n\r\n"]
            {
                (&client).write_all(piece.as_bytes()).unwrap();
                fiber::yield_now();
            }
        });
        let (mut bytes, mut paths) = (Vec::new(), Vec::new());
        while paths.len() < 2 {
            let mut headers = [httparse::EMPTY_HEADER; 8];
            let mut request = httparse::Request::new(&mut headers);
            match request.parse(&bytes).unwrap() {
                httparse::Status::Complete(length) => {
                    paths.push(request.path.unwrap().to_owned());
                    bytes.drain(..length);
                }
                httparse::Status::Partial => {
                    let mut chunk = [0; 16];
                    let count = server.read(&mut chunk).unwrap();
                    assert_ne!(count, 0);
                    bytes.extend_from_slice(&chunk[..count]);
                }
            }
        }
        assert_eq!(paths, ["/a?b=c", "/last"]);
        writing.join().unwrap();
    });
}

/// A server's and a client's side, with a certificate that only this process knows.
fn tls() -> &'static (Arc<ServerConfig>, Arc<ClientConfig>) {
    static CONFIGS: OnceLock<(Arc<ServerConfig>, Arc<ClientConfig>)> = OnceLock::new();
    CONFIGS.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate: CertificateDer<'static> = made.cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let server = ServerConfig::builder().with_no_client_auth();
        let server = server.with_single_cert(vec![certificate], key.into()).unwrap();
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        (Arc::new(server), Arc::new(client))
    })
}

fn tls_server<S: Read + Write>(stream: S) -> StreamOwned<ServerConnection, S> {
    StreamOwned::new(ServerConnection::new(tls().0.clone()).unwrap(), stream)
}

fn tls_client<S: Read + Write>(stream: S) -> StreamOwned<ClientConnection, S> {
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(tls().1.clone(), name).unwrap(), stream)
}

/// Many lines through TLS and back, then the end in both directions.
fn talk_tls<S: Read + Write + Send + 'static>(client: S, server: S) {
    let answering = spawn_deep(move || {
        let mut server = BufReader::new(tls_server(server));
        let mut line = String::new();
        while server.read_line(&mut line).unwrap() > 0 {
            server.get_mut().write_all(line.to_uppercase().as_bytes()).unwrap();
            line.clear();
        }
        server.get_mut().conn.send_close_notify();
        server.get_mut().flush().unwrap();
    });
    let asking = spawn_deep(move || {
        let mut client = BufReader::new(tls_client(client));
        for n in [1, 100, 20_000, 100_000] {
            writeln!(client.get_mut(), "{}", "x".repeat(n)).unwrap();
            let mut answer = String::new();
            client.read_line(&mut answer).unwrap();
            assert_eq!(answer.trim_end(), "X".repeat(n));
        }
        client.get_mut().conn.send_close_notify();
        client.get_mut().flush().unwrap();
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "a clean end");
    });
    asking.join().unwrap();
    answering.join().unwrap();
}

#[test]
fn rustls_over_tcp_and_unix_sockets() {
    on_each_size(|| {
        let (client, server) = pair();
        talk_tls(client, server);
        let (client, server) = UnixStream::pair().unwrap();
        talk_tls(client, server);
    });
}

#[test]
fn many_tls_connections_at_once() {
    on_each_size(|| {
        let talks: Vec<_> = (0..12)
            .map(|_| {
                let (client, server) = pair();
                fiber::spawn(move || talk_tls(client, server))
            })
            .collect();
        talks.into_iter().for_each(|talk| talk.join().unwrap());
    });
}

/// Messages of all kinds and sizes, there and back, and the closing handshake.
fn talk_websocket<S: Read + Write + Send + 'static, C: Read + Write + Send + 'static>(client: C, server: S) {
    use tungstenite::Message;
    let answering = spawn_deep(move || {
        let mut socket = tungstenite::accept(server).unwrap();
        loop {
            match socket.read() {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message).unwrap(),
                Ok(_) => {}
                Err(tungstenite::Error::ConnectionClosed) => return,
                Err(error) => panic!("{error}"),
            }
        }
    });
    let asking = spawn_deep(move || {
        let (mut socket, _) = tungstenite::client("ws://localhost/chat", client).unwrap();
        for n in [0, 1, 125, 126, 70_000] {
            socket.send(Message::text("x".repeat(n))).unwrap();
            assert_eq!(socket.read().unwrap().into_text().unwrap().len(), n);
            socket.send(Message::binary(vec![7; n])).unwrap();
            assert_eq!(socket.read().unwrap().into_data(), vec![7; n]);
        }
        socket.close(None).unwrap();
        while socket.read().is_ok() {}
    });
    asking.join().unwrap();
    answering.join().unwrap();
}

#[test]
fn tungstenite_plain_and_over_rustls() {
    on_each_size(|| {
        let (client, server) = pair();
        talk_websocket(client, server);
        let (client, server) = pair();
        talk_websocket(tls_client(client), tls_server(server));
    });
}
