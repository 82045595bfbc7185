//! Goal: a program over sockets does the same on the system's network and on a simulated one.
//!
//! Method: each body runs on runtimes of each size over real sockets, and in simulations over many seeds. It asserts what both promise.

mod common;

use common::on_each_size;
use sisal::io::pipe;
use sisal::net::{ListenOptions, TcpListener, TcpStream, UdpSocket, UnixStream};
use sisal::{fiber, sim, spawn, time};
use std::io::{BufRead, BufReader, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

fn on_both(body: impl Fn() + Sync) {
    on_each_size(&body);
    sim::explore(0..200, body);
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

#[test]
fn lines_go_there_and_back() {
    on_both(|| {
        let listener = TcpListener::bind("localhost:0").unwrap();
        let address = listener.local_addr().unwrap();
        fiber::scope(|s| {
            s.spawn(|| {
                fiber::scope(|s| {
                    for stream in listener.incoming().take(5) {
                        let stream = stream.unwrap();
                        s.spawn(move || {
                            for line in BufReader::new(&stream).lines() {
                                writeln!(&stream, "{}", line.unwrap().to_uppercase()).unwrap();
                            }
                        });
                    }
                });
            });
            for client in 0..5 {
                s.spawn(move || {
                    let stream = TcpStream::connect(address).unwrap();
                    writeln!(&stream, "one {client}\ntwo {client}").unwrap();
                    stream.shutdown(Shutdown::Write).unwrap();
                    let lines: Vec<_> = BufReader::new(&stream).lines().map(Result::unwrap).collect();
                    assert_eq!(lines, [format!("ONE {client}"), format!("TWO {client}")]);
                });
            }
        });
    });
}

#[test]
fn megabytes_go_both_ways() {
    on_both(|| {
        let (mut client, mut server) = pair();
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let echoing = spawn(move || {
            let count = std::io::copy(&mut server.try_clone().unwrap(), &mut server).unwrap();
            server.shutdown(Shutdown::Write).unwrap();
            count
        });
        let (mut writer, sent) = (client.try_clone().unwrap(), bytes.clone());
        let writing = spawn(move || {
            writer.write_all(&sent).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut received = Vec::new();
        client.read_to_end(&mut received).unwrap();
        assert!(received == bytes);
        writing.join().unwrap();
        assert_eq!(echoing.join().unwrap(), 200_000);
    });
}

#[test]
fn refusals_and_addresses() {
    on_both(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(TcpListener::bind(address).unwrap_err().kind(), ErrorKind::AddrInUse);
        let (client, (server, from)) = (TcpStream::connect(address).unwrap(), listener.accept().unwrap());
        assert_eq!((client.peer_addr().unwrap(), server.local_addr().unwrap()), (address, address));
        assert_eq!((client.local_addr().unwrap(), server.peer_addr().unwrap()), (from, from));
        drop((client, server, listener));
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(TcpListener::bind("203.0.113.7:0").unwrap_err().kind(), ErrorKind::AddrNotAvailable);
        assert_eq!(TcpStream::connect("127.0.0.1").unwrap_err().kind(), ErrorKind::InvalidInput);
        let group = ListenOptions::new().tcp_group("127.0.0.1:0", 2).unwrap();
        assert_eq!(group[0].local_addr().unwrap(), group[1].local_addr().unwrap());
        let error = TcpStream::connect_timeout(&address, Duration::ZERO).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn modes_and_timeouts() {
    on_both(|| {
        let (client, mut server) = pair();
        client.set_nonblocking(true).unwrap();
        assert_eq!((&client).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        client.set_nonblocking(false).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let start = time::now();
        assert_eq!((&client).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(time::now() - start >= Duration::from_millis(20));
        let late = time::timeout(Duration::from_millis(5), || client.peek(&mut [0]));
        assert!(!matches!(late, Ok(Ok(_))));
        server.write_all(b"abc").unwrap();
        client.set_read_timeout(None).unwrap();
        assert_eq!((&client).read(&mut []).unwrap(), 0);
        assert_eq!(client.peek(&mut [0; 1]).unwrap(), 1);
        let mut bytes = [0; 3];
        (&client).read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"abc");
    });
}

#[test]
fn ends_of_a_connection() {
    on_both(|| {
        let (client, mut server) = pair();
        let reading = spawn(move || server.read(&mut [0]).map(|count| (count, server)));
        client.shutdown(Shutdown::Write).unwrap();
        let (count, mut server) = reading.join().unwrap().unwrap();
        assert_eq!((count, (&client).write(b"x").unwrap_err().kind()), (0, ErrorKind::BrokenPipe));
        server.write_all(b"x").unwrap();
        assert_eq!((&client).read(&mut [0]).unwrap(), 1);
        client.set_linger(Some(Duration::ZERO)).unwrap();

        let (client, mut server) = pair();
        client.set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        assert_eq!(server.write(&[0]).unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(server.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    });
}

#[test]
fn slices_and_options() {
    on_both(|| {
        let (client, mut server) = pair();
        let written =
            (&client).write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde")]);
        assert_eq!(written.unwrap(), 5);
        let mut peeked = [0; 5];
        while server.peek(&mut peeked).unwrap() < 5 {
            time::sleep(Duration::from_micros(100));
        }
        let (mut first, mut second) = ([0; 3], [0; 3]);
        let mut slices = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(server.read_vectored(&mut slices).unwrap(), 5);
        assert_eq!((&first, &second[..2]), (b"abc", &b"de"[..]));
        client.set_nodelay(true).unwrap();
        client.set_ttl(7).unwrap();
        assert!(
            client.nodelay().unwrap() && client.ttl().unwrap() == 7 && client.linger().unwrap().is_none()
        );
        assert!(client.take_error().unwrap().is_none());
    });
}

#[test]
fn packets_keep_their_bounds() {
    on_both(|| {
        let (a, b) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut bytes = [0; 8];
        assert_eq!(a.send_to(b"hello", b.local_addr().unwrap()).unwrap(), 5);
        assert_eq!(b.peek_from(&mut bytes[..2]).unwrap(), (2, a.local_addr().unwrap()));
        assert_eq!(b.recv_from(&mut bytes).unwrap(), (5, a.local_addr().unwrap()));
        a.connect(b.local_addr().unwrap()).unwrap();
        assert_eq!(a.peer_addr().unwrap(), b.local_addr().unwrap());
        a.send(b"").unwrap();
        assert_eq!(b.recv(&mut bytes).unwrap(), 0);
        assert_eq!(b.send(b"x").unwrap_err().raw_os_error(), Some(libc::EDESTADDRREQ));
        let taken = UdpSocket::bind(b.local_addr().unwrap()).unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        assert!(a.send(&[0; 70_000]).is_err());
    });
}

#[test]
fn pairs_and_pipes() {
    on_both(|| {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        a.write_all(b"hello").unwrap();
        drop(a);
        let mut text = String::new();
        b.read_to_string(&mut text).unwrap();
        assert_eq!((&*text, b.write(b"x").unwrap_err().kind()), ("hello", ErrorKind::BrokenPipe));
        let (mut reader, mut writer) = pipe().unwrap();
        let writing = spawn(move || writer.write_all(&[1; 100_000]).unwrap());
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        writing.join().unwrap();
        assert_eq!(bytes.len(), 100_000);
        let (reader, mut writer) = pipe().unwrap();
        drop(reader);
        assert_eq!(writer.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}
