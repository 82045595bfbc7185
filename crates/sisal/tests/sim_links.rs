//! Goal: the links of the simulated network are what they are set to be: slow, narrow, lossy, breaking or cut.
//!
//! Method: a connection over one of them, in simulations over many seeds; what arrives, and when by the simulation's clock.

mod common;

use common::hosts::{SEEDS, ms, pair, pair_between};
use sisal::net::{TcpListener, TcpStream};
use sisal::sim::net::{everywhere, heal, host, partition};
use sisal::{sim, spawn, time};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

#[test]
fn latency_is_kept() {
    sim::explore(0..SEEDS, || {
        everywhere().latency(ms(10)..=ms(20));
        let start = sim::now();
        let (mut client, mut server) = pair();
        let connected = sim::now() - start;
        assert!(connected >= ms(30) && connected < ms(61), "three ways: {connected:?}");
        for _ in 0..5 {
            let start = sim::now();
            client.write_all(b"x").unwrap();
            server.read_exact(&mut [0]).unwrap();
            let passed = sim::now() - start;
            assert!(passed >= ms(10) && passed < ms(21), "{passed:?}");
        }
    });
}

#[test]
fn bandwidth_is_kept() {
    sim::explore(0..20, || {
        everywhere().bandwidth(1_000_000);
        let (mut client, mut server) = pair();
        let start = sim::now();
        let sending = spawn(move || client.write_all(&vec![7; 2_000_000]).unwrap());
        let mut received = Vec::new();
        server.read_to_end(&mut received).unwrap();
        sending.join().unwrap();
        let passed = sim::now() - start;
        assert_eq!(received.len(), 2_000_000);
        assert!(passed >= ms(2_000) && passed < ms(2_100), "{passed:?}");
    });
}

#[test]
fn a_cut_is_silence_and_its_end_brings_what_was_sent() {
    sim::explore(0..SEEDS, || {
        let (a, b) = (host("a"), host("b"));
        let (mut client, mut server) = pair_between(&a, &b);
        partition(&[&a], &[&b]);
        client.write_all(b"one").unwrap();
        client.write_all(b"two").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        server.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        assert_eq!(server.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        heal();
        server.set_read_timeout(None).unwrap();
        let healed = sim::now();
        let mut text = String::new();
        server.read_to_string(&mut text).unwrap();
        assert_eq!(text, "onetwo");
        assert!(sim::now() - healed < Duration::from_secs(62));
    });
}

#[test]
fn a_cut_one_way_lets_the_other_through() {
    sim::explore(0..SEEDS, || {
        let (a, b) = (host("a"), host("b"));
        let (mut client, mut server) = pair_between(&a, &b);
        a.to(&b).cut();
        server.write_all(b"x").unwrap();
        client.read_exact(&mut [0]).unwrap();
        client.write_all(b"x").unwrap();
        server.set_read_timeout(Some(ms(100))).unwrap();
        assert!(server.read(&mut [0]).is_err());
        a.to(&b).heal();
        server.set_read_timeout(None).unwrap();
        server.read_exact(&mut [0]).unwrap();
    });
}

#[test]
fn connects_and_writes_through_a_cut_give_up_at_last() {
    sim::explore(0..20, || {
        let (a, b) = (host("a"), host("b"));
        let (mut client, server) = pair_between(&a, &b);
        let listener = b.enter(|| TcpListener::bind("b:80")).unwrap();
        b.isolate();
        let start = sim::now();
        let error = a.enter(|| TcpStream::connect("192.168.0.3:80")).unwrap_err();
        assert_eq!((error.kind(), b.ip().to_string()), (ErrorKind::TimedOut, "192.168.0.3".to_owned()));
        let passed = sim::now() - start;
        assert!(passed >= Duration::from_secs(127) && passed < Duration::from_secs(128), "{passed:?}");
        let error = TcpStream::connect_timeout(&listener.local_addr().unwrap(), ms(300)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        client.write_all(b"x").unwrap();
        assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(sim::now() - start >= Duration::from_secs(924));
        assert_eq!(client.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        drop(server);
    });
}

#[test]
fn a_connect_survives_a_short_cut() {
    sim::explore(0..SEEDS, || {
        let (a, b) = (host("a"), host("b"));
        let listener = b.enter(|| TcpListener::bind("b:80")).unwrap();
        partition(&[&a], &[&b]);
        let healing = spawn(|| {
            time::sleep(Duration::from_secs(2));
            heal();
        });
        let start = sim::now();
        let client = a.enter(|| TcpStream::connect("b:80")).unwrap();
        let passed = sim::now() - start;
        assert!(passed >= Duration::from_secs(2) && passed < ms(3_100), "{passed:?}");
        assert_eq!(listener.accept().unwrap().1, client.local_addr().unwrap());
        healing.join().unwrap();
    });
}

#[test]
fn a_reader_without_a_timeout_is_a_deadlock_after_a_cut() {
    let report = sim::Builder::new().search(0..1, || {
        let (a, b) = (host("a"), host("b"));
        let (mut client, _server) = pair_between(&a, &b);
        partition(&[&a], &[&b]);
        let _ = client.read(&mut [0]);
    });
    assert!(report.unwrap().contains("deadlock"));
}

#[test]
fn a_link_that_resets_does_it_now_and_then() {
    let (broken, whole) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    sim::explore(0..SEEDS, || {
        everywhere().resets(0.05);
        let (mut client, mut server) = pair();
        let reading = spawn(move || server.read_to_end(&mut Vec::new()));
        let written = (0..10).try_for_each(|_| {
            time::sleep(ms(5));
            client.write_all(b"x")
        });
        drop(client);
        let read = reading.join().unwrap();
        let count = if written.is_err() || read.is_err() { &broken } else { &whole };
        count.set(count.get() + 1);
    });
    assert!(broken.get() > 20 && whole.get() > 20, "{} broken, {} whole", broken.get(), whole.get());
}

#[test]
fn loss_delays_and_does_not_lose() {
    sim::explore(0..SEEDS, || {
        everywhere().loss(0.2);
        let (client, server) = pair();
        let sending = spawn(move || (0..20).for_each(|n| writeln!(&client, "{n}").unwrap()));
        let lines: Vec<_> = BufReader::new(server).lines().map(Result::unwrap).collect();
        assert_eq!(lines, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
        sending.join().unwrap();
    });
}
