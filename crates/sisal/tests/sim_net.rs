//! Goal: the simulated network is one: what is sent arrives in order, in its own time; what ends is told as the system tells it; and the
//! same seed gives the same run.
//!
//! Method: servers and clients in simulations over many seeds.

mod common;

use common::hosts::{SEEDS, ms, pair};
use sisal::net::{TcpListener, TcpStream};
use sisal::sim::net::{current_host, everywhere, host};
use sisal::{fiber, select, sim, spawn, time};
use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

/// Many clients of an echo server on another host.
fn echo() -> Vec<usize> {
    let (server, clients) = (host("server"), host("clients"));
    let listener = server.enter(|| TcpListener::bind("server:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = server.enter(|| {
        spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                drop(spawn(move || {
                    let mut buffer = [0; 16];
                    while let Ok(count @ 1..) = stream.read(&mut buffer) {
                        stream.write_all(&buffer[..count]).unwrap();
                    }
                }));
            }
        })
    });
    let order = sisal::sync::Mutex::new(Vec::new());
    clients.enter(|| {
        fiber::scope(|s| {
            for client in 0..4 {
                let order = &order;
                s.spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.write_all(&[client as u8; 40]).unwrap();
                    let mut answer = [0; 40];
                    stream.read_exact(&mut answer).unwrap();
                    assert_eq!(answer, [client as u8; 40]);
                    order.lock().push(client);
                });
            }
        });
    });
    accepting.cancel();
    accepting.join().unwrap();
    order.into_inner()
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let runs: Vec<_> = (0..100).map(|seed| sim::Builder::new().run(seed, echo)).collect();
    for (seed, run) in runs.iter().enumerate() {
        assert_eq!(sim::Builder::new().run(seed as u64, echo), *run, "seed {seed}");
    }
    let orders: HashSet<_> = runs.iter().map(|(order, _)| order.clone()).collect();
    assert!(orders.len() > 10, "only {} orders", orders.len());
}

#[test]
fn addresses_are_those_of_the_hosts() {
    sim::explore(0..SEEDS, || {
        let (client, server) = pair();
        assert_eq!(client.local_addr().unwrap(), server.peer_addr().unwrap());
        assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
        assert_eq!(client.local_addr().unwrap().ip(), host("a").ip());
        assert_eq!(server.local_addr().unwrap().ip(), host("b").ip());
        assert_eq!(host("10.1.2.3").ip().to_string(), "10.1.2.3");
        assert_eq!(host("10.1.2.3"), host("10.1.2.3"));
        let taken = TcpListener::bind("127.0.0.1:80").unwrap();
        assert_eq!(TcpListener::bind("0.0.0.0:80").unwrap_err().kind(), ErrorKind::AddrInUse);
        // Another host has its own ports.
        host("a").enter(|| drop(TcpListener::bind("0.0.0.0:80").unwrap()));
        drop(taken);
        drop(TcpListener::bind("0.0.0.0:80").unwrap());
        assert_eq!(TcpListener::bind("10.1.2.3:80").unwrap_err().kind(), ErrorKind::AddrNotAvailable);
    });
}

#[test]
fn a_host_is_inherited_and_left() {
    sim::explore(0..SEEDS, || {
        let a = host("a");
        let before = current_host();
        a.enter(|| {
            assert_eq!(current_host(), a);
            let child = spawn(|| {
                let grandchild = spawn(|| current_host().name());
                sisal::blocking(|| assert_eq!(current_host().name(), "a"));
                grandchild.join().unwrap()
            });
            assert_eq!(child.join().unwrap(), "a");
        });
        assert_eq!(current_host(), before);
        let panicked = std::panic::catch_unwind(|| a.enter(|| std::panic::resume_unwind(Box::new(()))));
        assert!(panicked.is_err() && current_host() == before);
    });
}

#[test]
fn who_does_not_listen_refuses_and_who_does_not_exist_says_so() {
    sim::explore(0..SEEDS, || {
        let b = host("b");
        let refused = TcpStream::connect("b:80").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let listener = b.enter(|| TcpListener::bind("b:80")).unwrap();
        b.refuse(true);
        assert_eq!(TcpStream::connect("b:80").unwrap_err().kind(), ErrorKind::ConnectionRefused);
        b.refuse(false);
        TcpStream::connect("b:80").unwrap();
        drop(listener);
        assert_eq!(TcpStream::connect("b:80").unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let unknown = TcpStream::connect("c:80").unwrap_err();
        assert!(unknown.to_string().contains("sim::net::host"), "{unknown}");
        let unknown = TcpStream::connect("10.9.9.9:80").unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::HostUnreachable);
    });
}

#[test]
fn a_message_may_come_in_pieces_but_in_order() {
    let pieces = std::cell::Cell::new(0);
    sim::explore(0..SEEDS, || {
        let (mut client, mut server) = pair();
        let sending = spawn(move || {
            for n in 0..50_u8 {
                client.write_all(&[n; 10]).unwrap();
            }
        });
        let (mut received, mut buffer) = (Vec::new(), [0; 10]);
        loop {
            match server.read(&mut buffer).unwrap() {
                0 => break,
                count => {
                    pieces.set(pieces.get() + u32::from(count < 10));
                    received.extend_from_slice(&buffer[..count]);
                }
            }
        }
        sending.join().unwrap();
        assert!(received.iter().copied().eq((0..50_u8).flat_map(|n| [n; 10])));
    });
    assert!(pieces.get() > 100, "{} pieces", pieces.get());
}

#[test]
fn a_full_connection_lets_the_writer_wait() {
    sim::explore(0..SEEDS, || {
        everywhere().capacity(1000);
        let (mut client, mut server) = pair();
        client.set_nonblocking(true).unwrap();
        assert_eq!(client.write(&[1; 4000]).unwrap(), 1000);
        assert_eq!(client.write(&[1]).unwrap_err().kind(), ErrorKind::WouldBlock);
        client.set_nonblocking(false).unwrap();
        client.set_write_timeout(Some(ms(50))).unwrap();
        let start = sim::now();
        assert_eq!(client.write(&[1]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(sim::now() - start >= ms(50));
        client.set_write_timeout(None).unwrap();
        let sending = spawn(move || client.write_all(&[1; 4000]).unwrap());
        let mut received = Vec::new();
        server.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), 5000);
        sending.join().unwrap();
    });
}

#[test]
fn ends_and_resets_are_told_as_the_system_tells_them() {
    sim::explore(0..SEEDS, || {
        // An end, after what was sent before it; the other direction stays.
        let (mut client, mut server) = pair();
        client.write_all(b"bye").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        let mut text = String::new();
        server.read_to_string(&mut text).unwrap();
        assert_eq!(text, "bye");
        server.write_all(b"x").unwrap();
        client.read_exact(&mut [0]).unwrap();

        // Closed with bytes unread: a reset.
        let (client, mut server) = pair();
        server.write_all(b"unread").unwrap();
        time::sleep(ms(10));
        drop(client);
        assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        assert_eq!(server.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(server.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);

        // Written to after it has closed: the first write succeeds, and brings a reset.
        let (mut client, server) = pair();
        drop(server);
        client.write_all(b"x").unwrap();
        time::sleep(ms(10));
        assert_eq!(client.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);

        // A linger of zero.
        let (client, mut server) = pair();
        client.set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);

        // By order.
        let (mut client, mut server) = pair();
        let reading = spawn(move || server.read(&mut [0]).unwrap_err().kind());
        sim::settle();
        host("a").reset_connections();
        assert_eq!(reading.join().unwrap(), ErrorKind::ConnectionReset);
        assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert!(client.take_error().unwrap().is_none());
    });
}

#[test]
fn clones_share_a_socket() {
    sim::explore(0..SEEDS, || {
        let (client, mut server) = pair();
        let mut other = client.try_clone().unwrap();
        other.set_nodelay(true).unwrap();
        client.set_ttl(9).unwrap();
        assert!(client.nodelay().unwrap() && other.ttl().unwrap() == 9);
        drop(client);
        other.write_all(b"x").unwrap();
        server.read_exact(&mut [0]).unwrap();
        let reader = other.try_clone().unwrap();
        let reading = spawn(move || (&reader).read(&mut [0]).unwrap());
        sim::settle();
        other.shutdown(Shutdown::Both).unwrap();
        assert_eq!(reading.join().unwrap(), 0);
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn timeouts_and_deadlines_are_of_the_simulations_time() {
    sim::explore(0..SEEDS, || {
        let (client, mut server) = pair();
        server.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let start = sim::now();
        assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let passed = sim::now() - start;
        assert!(passed >= Duration::from_secs(30) && passed < Duration::from_secs(31), "{passed:?}");
        let late = time::timeout(Duration::from_secs(5), || server.read(&mut [0]));
        assert!(
            matches!(late, Ok(Err(error)) if error.kind() == ErrorKind::TimedOut)
                || sim::now() - start >= ms(35_000)
        );
        let reading = spawn(move || server.read(&mut [0]).unwrap_err().to_string());
        sim::settle();
        reading.cancel();
        assert!(reading.join().unwrap().contains("cancelled"));
        drop(client);
    });
}

#[test]
fn a_backlog_that_is_full_lets_clients_wait() {
    sim::explore(0..SEEDS, || {
        let listener = sisal::net::ListenOptions::new().backlog(0).tcp("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let clients: Vec<_> = (0..3).map(|_| spawn(move || TcpStream::connect(address).unwrap())).collect();
        time::sleep(ms(100));
        assert_eq!(clients.iter().filter(|client| client.is_finished()).count(), 1);
        for _ in 0..3 {
            drop(listener.accept().unwrap());
        }
        clients.into_iter().for_each(|client| drop(client.join().unwrap()));
        assert!(sim::now() >= Duration::from_secs(1), "a second try");
    });
}

#[test]
fn a_select_hears_of_sockets() {
    sim::explore(0..SEEDS, || {
        let (mut client, mut server) = pair();
        let (ticks, mut got) = (sisal::channel::tick(ms(7)), 0);
        let sending = spawn(move || {
            for _ in 0..3 {
                time::sleep(ms(10));
                client.write_all(b"x").unwrap();
            }
            client
        });
        let mut ticked = 0;
        while got < 3 {
            select! {
                recv(server.readable()) -> ready => { ready.unwrap(); got += server.read(&mut [0]).unwrap(); },
                recv(ticks) -> _ => ticked += 1,
            }
        }
        assert!((3..=6).contains(&ticked), "{ticked}");
        assert!(!server.readable().is_ready().unwrap() && server.writable().is_ready().unwrap());
        drop(sending.join().unwrap());
        server.readable().wait().unwrap();
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
    });
}
