//! The TLS server shakes hands with whoever trusts its certificate, answers pipelines, says goodbye properly, and drains.
//!
//! Method: the built example as a child process, rustls over std's sockets as the client.

#[path = "../../tests/support/mod.rs"]
mod support;

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use support::{Server, start};

fn connect(server: &Server, roots: RootCertStore) -> StreamOwned<ClientConnection, TcpStream> {
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), server.connect())
}

#[test]
fn answers_over_tls() {
    let path = std::env::temp_dir().join(format!("sisal-https-{}.pem", std::process::id()));
    let server = start("https", &[path.to_str().unwrap()]);
    let certificate = CertificateDer::from_pem_file(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut trusted = RootCertStore::empty();
    trusted.add(certificate).unwrap();

    std::thread::scope(|scope| {
        for _ in 0..20 {
            let mut client = connect(&server, trusted.clone());
            scope.spawn(move || {
                let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
                let last = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
                client.write_all(format!("{request}{request}{last}").as_bytes()).unwrap();
                let mut answers = String::new();
                // An end without a goodbye would be an error.
                client.read_to_string(&mut answers).unwrap();
                assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
                assert_eq!(answers.matches("hello over TLSv1_3").count(), 3, "{answers}");
            });
        }
    });
    assert!(connect(&server, RootCertStore::empty()).write_all(b"GET").is_err(), "nobody vouches for it");

    let mut idle = connect(&server, trusted);
    idle.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    idle.read_exact(&mut [0; 8]).unwrap();
    server.signal();
    let mut rest = String::new();
    idle.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("hello"));
    server.stop_by_itself();
}

#[test]
fn no_tls_at_all() {
    let server = start("https", &[]);
    let alert = server.ask_bytes(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(!alert.windows(5).any(|five| five == b"HTTP/"), "{alert:?}");
    server.stop();
}
