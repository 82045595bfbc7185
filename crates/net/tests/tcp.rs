//! Goal: a TCP connection carries bytes, ends and errors as std's does, and nobody waits for what has come.
//! Method: both ends in one process, on bare threads and through a reactor.

mod helpers;

use helpers::{everywhere, pair, until};
use sisal_net::{Shutdown, TcpListener, TcpStream};
use std::io::{BufRead, BufReader, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::thread;
use std::time::Duration;

#[test]
fn bytes_go_both_ways_until_the_end() {
    everywhere(|place| {
        let (mut client, server) = pair();
        let echo = place.spawn(move || {
            let (mut reader, mut writer) = (&server, &server);
            std::io::copy(&mut reader, &mut writer).unwrap()
        });
        let mut lines = BufReader::new(client.try_clone().unwrap()).lines();
        for round in 0..50 {
            writeln!(client, "line {round}").unwrap();
            assert_eq!(lines.next().unwrap().unwrap(), format!("line {round}"));
        }
        client.shutdown(Shutdown::Write).unwrap();
        assert!(lines.next().is_none());
        assert_eq!(echo.join().unwrap(), (0..50).map(|round| format!("line {round}\n").len() as u64).sum());
        drop((client, lines));
    });
}

/// More than both buffers hold: writes are cut short and wait.
#[test]
fn much_data_arrives_whole() {
    everywhere(|place| {
        let (mut client, mut server) = pair();
        const BYTES: usize = 6 << 20;
        const PATTERN: usize = 65_521;
        let pattern = |index: usize| {
            let mut bytes = vec![7; PATTERN];
            bytes[index..][..4].copy_from_slice(&[1, 2, 3, index as u8]);
            bytes
        };
        let writer = place.spawn(move || {
            let bytes: Vec<u8> = (0..BYTES.div_ceil(PATTERN)).flat_map(pattern).take(BYTES).collect();
            client.write_all(&bytes).unwrap();
        });
        let mut bytes = Vec::new();
        server.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), BYTES);
        assert!(
            bytes.chunks(PATTERN).enumerate().all(|(index, chunk)| *chunk == pattern(index)[..chunk.len()])
        );
        writer.join().unwrap();
        drop(server);
    });
}

#[test]
fn vectored_calls_take_several_slices() {
    everywhere(|_| {
        let (mut client, mut server) = pair();
        let written =
            client.write_vectored(&[IoSlice::new(b"hel"), IoSlice::new(b""), IoSlice::new(b"lo")]).unwrap();
        assert_eq!(written, 5);
        let (mut a, mut b) = ([0; 2], [0; 8]);
        let count = server.read_vectored(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)]).unwrap();
        assert_eq!((count, &a, &b[..3]), (5, b"he", &b"llo"[..]));
        // More than the kernel takes at once.
        let many = vec![IoSlice::new(b"x"); 2000];
        assert_eq!(client.write_vectored(&many).unwrap(), 1024);
    });
}

#[test]
fn a_peek_leaves_the_bytes() {
    everywhere(|_| {
        let (mut client, mut server) = pair();
        client.write_all(b"hello").unwrap();
        let mut bytes = [0; 8];
        assert_eq!(server.peek(&mut bytes).unwrap(), 5);
        assert_eq!(server.peek(&mut bytes[..2]).unwrap(), 2);
        assert_eq!(server.read(&mut bytes).unwrap(), 5);
    });
}

/// Data and end together, read short: the end must still be found.
#[test]
fn an_end_behind_a_short_read_is_found() {
    everywhere(|place| {
        for wait_first in [false, true] {
            let (mut client, mut server) = pair();
            let closer = place.spawn(move || {
                if wait_first {
                    thread::sleep(Duration::from_millis(1));
                }
                client.write_all(b"bye").unwrap();
            });
            if !wait_first {
                closer.join().unwrap();
                thread::sleep(Duration::from_millis(1));
            }
            let mut bytes = Vec::new();
            assert_eq!(server.read_to_end(&mut bytes).unwrap(), 3);
            assert_eq!(server.read(&mut [0; 8]).unwrap(), 0);
        }
    });
}

/// A short read stops before an urgent byte, and the edge of what is behind it has passed.
#[cfg(target_os = "linux")]
#[test]
fn data_behind_an_urgent_byte_is_found() {
    everywhere(|place| {
        let (mut client, mut server) = pair();
        // Registers, so that all of it comes as one edge.
        server.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        assert!(server.read(&mut [0; 64]).is_err());
        server.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.write_all(b"before").unwrap();
        socket2::SockRef::from(&client).send_out_of_band(b"!").unwrap();
        client.write_all(b"behind").unwrap();
        thread::sleep(Duration::from_millis(2));
        place.until_registered(usize::from(place.reactor.is_some()));
        let mut bytes = [0; 64];
        assert_eq!(server.read(&mut bytes).unwrap(), 6);
        assert_eq!(server.read(&mut bytes).unwrap(), 6);
        assert_eq!(&bytes[..6], b"behind");
        drop(client);
    });
}

/// Request and answer, with reads that ask for more than there is: the path that saves the call in vain.
#[test]
fn short_reads_lose_nothing() {
    everywhere(|place| {
        let (mut client, mut server) = pair();
        const ROUNDS: usize = 300;
        let echo = place.spawn(move || {
            let mut bytes = [0; 256];
            loop {
                match server.read(&mut bytes).unwrap() {
                    0 => return,
                    count => server.write_all(&bytes[..count]).unwrap(),
                }
            }
        });
        let mut bytes = [0; 256];
        for round in 0..ROUNDS {
            let message = [round as u8; 7];
            client.write_all(&message).unwrap();
            let mut got = 0;
            while got < message.len() {
                got += client.read(&mut bytes[got..]).unwrap();
            }
            assert_eq!(bytes[..7], message);
        }
        drop(client);
        echo.join().unwrap();
    });
}

#[test]
fn a_shutdown_of_a_clone_wakes_who_reads() {
    everywhere(|place| {
        let (client, server) = pair();
        let clone = client.try_clone().unwrap();
        let reader = place.spawn(move || (&client).read(&mut [0; 8]).unwrap());
        place.until_registered(1);
        clone.shutdown(Shutdown::Read).unwrap();
        assert_eq!(reader.join().unwrap(), 0);
        drop((server, clone));
    });
}

#[test]
fn a_shutdown_wakes_who_writes() {
    everywhere(|place| {
        let (client, server) = pair();
        let clone = client.try_clone().unwrap();
        let writer = place.spawn(move || {
            loop {
                if let Err(error) = (&client).write_all(&[0; 65536]) {
                    return error.kind();
                }
            }
        });
        thread::sleep(Duration::from_millis(10));
        clone.shutdown(Shutdown::Write).unwrap();
        assert_eq!(writer.join().unwrap(), ErrorKind::BrokenPipe);
        drop((server, clone));
    });
}

#[test]
fn dropping_a_clone_changes_nothing() {
    everywhere(|place| {
        let (client, mut server) = pair();
        let clone = client.try_clone().unwrap();
        let reader = place.spawn(move || (&client).read(&mut [0; 8]).unwrap());
        place.until_registered(1);
        drop(clone);
        server.write_all(b"x").unwrap();
        assert_eq!(reader.join().unwrap(), 1);
    });
}

#[test]
fn a_reset_is_an_error() {
    everywhere(|place| {
        let (client, mut server) = pair();
        let reader = place.spawn(move || server.read(&mut [0; 8]).unwrap_err().kind());
        place.until_registered(1);
        client.set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        assert_eq!(reader.join().unwrap(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn several_read_one_stream() {
    everywhere(|place| {
        let (mut client, server) = pair();
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let server = server.try_clone().unwrap();
                place.spawn(move || {
                    let mut total = 0;
                    loop {
                        match (&server).read(&mut [0; 16]).unwrap() {
                            0 => return total,
                            count => total += count,
                        }
                    }
                })
            })
            .collect();
        drop(server);
        for _ in 0..100 {
            client.write_all(&[1; 100]).unwrap();
        }
        drop(client);
        let total: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert_eq!(total, 10_000);
    });
}

#[test]
fn connections_are_accepted_as_they_come() {
    everywhere(|place| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let clients = place.spawn(move || {
            for number in 0..20_u8 {
                TcpStream::connect(address).unwrap().write_all(&[number]).unwrap();
            }
        });
        let mut numbers: Vec<_> = listener
            .incoming()
            .take(20)
            .map(|stream| {
                let mut number = [0];
                stream.unwrap().read_exact(&mut number).unwrap();
                number[0]
            })
            .collect();
        numbers.sort();
        assert!(numbers.into_iter().eq(0..20));
        clients.join().unwrap();
    });
}

#[test]
fn several_accept_from_one_listener() {
    everywhere(|place| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let acceptors: Vec<_> = (0..4)
            .map(|_| {
                let listener = listener.try_clone().unwrap();
                place.spawn(move || (0..5).map(|_| listener.accept().unwrap()).collect::<Vec<_>>().len())
            })
            .collect();
        drop(listener);
        let clients: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
        assert_eq!(
            acceptors.into_iter().map(|acceptor| acceptor.join().unwrap()).sum::<usize>(),
            clients.len()
        );
    });
}

#[test]
fn nobody_listens() {
    everywhere(|_| {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let both = [address, listener.local_addr().unwrap()];
        assert_eq!(TcpStream::connect(&both[..]).unwrap().peer_addr().unwrap(), both[1]);
    });
}

#[test]
fn an_address_can_be_had_again_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    assert_eq!(TcpListener::bind(address).unwrap_err().kind(), ErrorKind::AddrInUse);
    // The side that closes first keeps the address in TIME_WAIT.
    drop(listener.accept().unwrap());
    drop((client, listener));
    until("bound again", || TcpListener::bind(address).is_ok());
}
