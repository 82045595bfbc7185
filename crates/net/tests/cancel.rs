//! Goal: a cancelled agent's operations end with an error, whether they wait or need not; `incoming` tells it once.
//! Method: a bare thread under a token, waiting through a reactor.

mod helpers;

use helpers::{Turned, pair, until};
use sisal_net::{TcpListener, TcpStream, UdpSocket};
use sisal_park::{CancelToken, cancel};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// Runs `f` on a thread whose waits go through `turned`, under a token.
fn mortal<T: Send + 'static>(
    turned: &Turned,
    f: impl FnOnce() -> T + Send + 'static,
) -> (JoinHandle<T>, CancelToken) {
    let (reactor, token) = (Arc::clone(turned.reactor()), CancelToken::new());
    let under = token.clone();
    let thread = thread::spawn(move || {
        sisal_reactor::install(Some(&reactor));
        under.run(f)
    });
    (thread, token)
}

fn is_cancel(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Other && error.to_string() == "cancelled"
}

#[test]
fn a_wait_ends_and_so_does_whatever_comes_after() {
    let turned = Turned::new();
    let (ours, mut server) = pair();
    let client = std::net::TcpStream::from(ours);
    let (reader, token) = mortal(&turned, move || {
        let first = server.read(&mut [0; 8]).unwrap_err();
        // None of these would have to wait.
        (&client).write_all(b"x").unwrap();
        let second = server.read(&mut [0; 8]).unwrap_err();
        let third = server.write(b"x").unwrap_err();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let fourth = socket.send_to(b"x", socket.local_addr().unwrap()).unwrap_err();
        [first, second, third, fourth]
    });
    until("it waits", || turned.reactor().sources() == 1);
    token.cancel();
    assert!(reader.join().unwrap().iter().all(is_cancel));
}

#[test]
fn incoming_tells_it_once() {
    let turned = Turned::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let (acceptor, token) = mortal(&turned, move || {
        let mut incoming = listener.incoming();
        assert!(incoming.next().unwrap().is_ok());
        tell.send(()).unwrap();
        let error = incoming.next().unwrap().unwrap_err();
        assert!(incoming.next().is_none());
        assert!(is_cancel(&listener.accept().unwrap_err()));
        error
    });
    let _client = TcpStream::connect(address).unwrap();
    told.recv().unwrap();
    token.cancel();
    assert!(is_cancel(&acceptor.join().unwrap()));
}

#[test]
fn a_connect_ends_too() {
    let turned = Turned::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (connector, token) = mortal(&turned, move || {
        until("cancelled", || cancel::check().is_err());
        TcpStream::connect(address).unwrap_err()
    });
    token.cancel();
    assert!(is_cancel(&connector.join().unwrap()));
}
