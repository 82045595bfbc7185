//! The same over real sockets of std: what a client sees of it.

use crate::http::{Connection, Status};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

/// Serves one connection with `hello`, and gives the client's end.
fn client() -> (TcpStream, thread::JoinHandle<Option<Status>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut connection = Connection::new(stream).unwrap();
        while let Some(mut exchange) = connection.next_exchange().unwrap() {
            exchange.respond(Status::OK).header("Content-Type", "text/plain").body(b"hello").unwrap();
        }
        connection.refusal()
    });
    (client, server)
}

#[test]
fn a_pipeline_and_a_farewell() {
    let (mut client, server) = client();
    let requests = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3);
    client.write_all(requests.as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("\r\n\r\nhello").count(), 3);
    assert_eq!(server.join().unwrap(), None);
}

#[test]
fn a_refusal_arrives_although_the_client_goes_on_talking() {
    let (mut client, server) = client();
    client.write_all(&[b'x'; 100_000]).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_eq!(server.join().unwrap(), Some(Status::HEADERS_TOO_LARGE));
}
