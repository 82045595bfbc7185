//! Goal: timeouts end waits with std's errors, as soon as they say and not before, also if they change meanwhile; and a
//! non-blocking socket never waits.
//! Method: sockets to which nobody writes.

mod helpers;

use helpers::{Turned, everywhere, pair};
use sisal_net::{TcpListener, TcpStream, UdpSocket};
use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(5);

#[test]
fn a_read_timeout_ends_each_read() {
    everywhere(|_| {
        let (mut client, mut server) = pair();
        server.set_read_timeout(Some(SHORT)).unwrap();
        for _ in 0..3 {
            let start = Instant::now();
            assert_eq!(server.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
            assert!(start.elapsed() >= SHORT);
        }
        client.write_all(b"x").unwrap();
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
        server.set_read_timeout(None).unwrap();
        assert_eq!(server.read_timeout().unwrap(), None);
    });
}

#[test]
fn a_write_timeout_ends_a_write() {
    everywhere(|_| {
        let (mut client, _server) = pair();
        client.set_write_timeout(Some(SHORT)).unwrap();
        let error = loop {
            if let Err(error) = client.write_all(&[0; 65536]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_timeout_below_a_millisecond_is_one() {
    everywhere(|_| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_nanos(1))).unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        socket.set_read_timeout(Some(Duration::MAX)).unwrap();
        socket.send_to(b"x", socket.local_addr().unwrap()).unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 1);
    });
}

#[test]
fn clones_share_timeouts_and_zero_is_none() {
    let (client, _server) = pair();
    let clone = client.try_clone().unwrap();
    clone.set_read_timeout(Some(SHORT)).unwrap();
    assert_eq!(client.read_timeout().unwrap(), Some(SHORT));
    assert_eq!(client.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(client.set_write_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(client.read_timeout().unwrap(), Some(SHORT));
}

/// Only where the wait is ours: a bare thread in `poll(2)` cannot be told.
#[test]
fn a_timeout_that_is_set_later_ends_the_wait() {
    let turned = Turned::new();
    let (client, _server) = pair();
    let clone = client.try_clone().unwrap();
    let reader = turned.place.spawn(move || (&clone).read(&mut [0; 8]).unwrap_err().kind());
    turned.place.until_registered(1);
    thread::sleep(Duration::from_millis(1));
    client.set_read_timeout(Some(SHORT)).unwrap();
    assert_eq!(reader.join().unwrap(), ErrorKind::WouldBlock);
}

#[test]
fn a_connect_that_nobody_answers_times_out() {
    everywhere(|_| {
        // A queue of one connection, which is taken: the kernel answers nobody else.
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut clients = Vec::new();
        let error = loop {
            match TcpStream::connect_timeout(&address, SHORT) {
                Ok(client) => clients.push(client),
                Err(error) => break error,
            }
            assert!(clients.len() < 20);
        };
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::TimedOut, "connection timed out".into()));
        let zero = TcpStream::connect_timeout(&address, Duration::ZERO).unwrap_err();
        assert_eq!(zero.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_non_blocking_socket_does_not_wait() {
    everywhere(|_| {
        let (client, mut server) = pair();
        server.set_nonblocking(true).unwrap();
        assert_eq!(server.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        (&client).write_all(b"x").unwrap();
        helpers::until("it comes", || server.read(&mut [0; 8]).is_ok());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(listener.incoming().next().unwrap().unwrap_err().kind(), ErrorKind::WouldBlock);
        listener.set_nonblocking(false).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        listener.accept().unwrap();
    });
}
