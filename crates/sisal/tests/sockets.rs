//! Sockets among fibers: many at once, both halves, timeouts, and what ends a wait.

mod common;

use common::{on, on_each_size, some};
use sisal::net::{TcpListener, TcpStream};
use sisal::{fiber, go, time};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

/// An echo server of one connection a fiber, and its address.
fn echo_server() -> (fiber::JoinHandle<()>, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = go! {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            go! {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    stream.write_all(&buffer[..count]).unwrap();
                }
            };
        }
    };
    (server, address)
}

#[test]
fn many_clients_talk_at_once() {
    on_each_size(|| {
        let (server, address) = echo_server();
        fiber::scope(|s| {
            for n in 0..some(30_u8, 3) {
                s.spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    for round in 0..some(10, 3) {
                        let message = [n, round, n ^ round];
                        stream.write_all(&message).unwrap();
                        let mut answer = [0; 3];
                        stream.read_exact(&mut answer).unwrap();
                        assert_eq!(answer, message);
                    }
                });
            }
        });
        server.cancel();
        server.join().unwrap();
    });
}

#[test]
fn more_than_the_buffers_hold_goes_through_both_ways() {
    on_each_size(|| {
        let (server, address) = echo_server();
        let mut stream = TcpStream::connect(address).unwrap();
        let mut writer = stream.try_clone().unwrap();
        let bytes: Vec<u8> = (0..some(1_000_000_u32, 200_000)).map(|n| (n % 251) as u8).collect();
        let sent = bytes.clone();
        let writing = go! {
            writer.write_all(&sent).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        };
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), bytes.len());
        assert!(received == bytes);
        writing.join().unwrap();
        server.cancel();
        server.join().unwrap();
    });
}

#[test]
fn std_s_readers_work_as_they_are() {
    on_each_size(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        go! {
            let (stream, _) = listener.accept().unwrap();
            for n in 0..100 {
                writeln!(&stream, "line {n}").unwrap();
            }
        };
        let lines: Vec<String> =
            BufReader::new(TcpStream::connect(address).unwrap()).lines().map(Result::unwrap).collect();
        assert_eq!(lines.len(), 100);
        assert_eq!(lines[99], "line 99");
    });
}

#[test]
fn a_read_times_out_and_the_socket_lives_on() {
    on_each_size(|| {
        let (server, address) = echo_server();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(3))).unwrap();
        let start = time::now();
        let error = stream.read(&mut [0]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
        assert!(time::now() - start >= Duration::from_millis(3));
        stream.set_read_timeout(None).unwrap();
        stream.write_all(b"x").unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"x");
        server.cancel();
        server.join().unwrap();
    });
}

#[test]
fn a_cancel_ends_a_blocked_read_and_accept() {
    on_each_size(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let (mut accepted, _) = listener.accept().unwrap();
        let accepting = go!(move || listener.accept().is_err());
        let reading = go!(move || stream.read(&mut [0]).is_err());
        fiber::sleep(Duration::from_millis(1));
        accepting.cancel();
        reading.cancel();
        assert!(accepting.join().unwrap() && reading.join().unwrap());
        assert_eq!(accepted.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn a_shutdown_of_a_clone_wakes_who_reads() {
    on_each_size(|| {
        let (server, address) = echo_server();
        let mut stream = TcpStream::connect(address).unwrap();
        let clone = stream.try_clone().unwrap();
        let reading = go!(move || stream.read(&mut [0]).unwrap());
        fiber::sleep(Duration::from_millis(1));
        clone.shutdown(Shutdown::Read).unwrap();
        assert_eq!(reading.join().unwrap(), 0);
        server.cancel();
        server.join().unwrap();
    });
}

#[test]
fn a_socket_goes_on_in_another_runtime_after_its_first_is_gone() {
    let (listener, address) = on(2, || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connecting = go!(move || TcpStream::connect(address).map(drop));
        // Registered with this runtime's reactor, which then goes.
        drop(listener.accept().unwrap());
        connecting.join().unwrap().unwrap();
        (listener, address)
    });
    on(1, || {
        let connecting = go!(move || TcpStream::connect(address).map(drop));
        fiber::yield_now();
        listener.accept().unwrap();
        connecting.join().unwrap().unwrap();
    });
    let client = std::thread::spawn(move || std::net::TcpStream::connect(address).map(drop));
    listener.accept().unwrap();
    client.join().unwrap().unwrap();
}

common::in_simulations! {
    many_clients_talk_at_once,
    more_than_the_buffers_hold_goes_through_both_ways,
    std_s_readers_work_as_they_are,
    a_read_times_out_and_the_socket_lives_on,
    a_cancel_ends_a_blocked_read_and_accept,
    a_shutdown_of_a_clone_wakes_who_reads,
}
