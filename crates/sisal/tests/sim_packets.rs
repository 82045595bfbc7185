//! Goal: packets of the simulated network arrive as those of UDP do: whole, if at all, perhaps twice, in any order.
//!
//! Method: sockets in simulations over many seeds, with links that lose and double.

use sisal::net::UdpSocket;
use sisal::sim;
use sisal::sim::net::{between, host};
use std::collections::HashSet;
use std::io::ErrorKind;
use std::time::Duration;

const SEEDS: u64 = 200;

#[test]
fn packets_are_lost_doubled_and_overtaken() {
    let seen = std::cell::RefCell::new([0; 3]);
    sim::explore(0..SEEDS, || {
        let (a, b) = (host("a"), host("b"));
        between(&a, &b).loss(0.1).duplication(0.1);
        let sender = a.enter(|| UdpSocket::bind("a:0")).unwrap();
        let receiver = b.enter(|| UdpSocket::bind("0.0.0.0:53")).unwrap();
        for n in 0..10_u8 {
            assert_eq!(sender.send_to(&[n], "b:53").unwrap(), 1);
        }
        receiver.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let (mut got, mut buffer) = (Vec::new(), [0; 4]);
        while let Ok((count, from)) = receiver.recv_from(&mut buffer) {
            assert_eq!((count, from), (1, sender.local_addr().unwrap()));
            got.push(buffer[0]);
        }
        let distinct: HashSet<_> = got.iter().collect();
        let mut seen = seen.borrow_mut();
        seen[0] += u32::from(distinct.len() < 10);
        seen[1] += u32::from(distinct.len() < got.len());
        seen[2] += u32::from(!got.is_sorted());
        receiver.send_to(b"back", sender.local_addr().unwrap()).unwrap();
    });
    assert!(seen.borrow().iter().all(|&count| count > 20), "{:?}", seen.borrow());
}

#[test]
fn a_packet_to_nobody_is_told_to_who_is_connected() {
    sim::explore(0..SEEDS, || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(socket.send(b"x").unwrap_err().raw_os_error(), Some(libc::EDESTADDRREQ), "to whom?");
        socket.connect("127.0.0.1:9").unwrap();
        socket.send(b"x").unwrap();
        assert_eq!(socket.recv(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let other = UdpSocket::bind("127.0.0.1:9").unwrap();
        socket.send(b"long").unwrap();
        assert_eq!(other.peek_from(&mut [0; 2]).unwrap().0, 2);
        assert_eq!(other.recv_from(&mut [0; 2]).unwrap(), (2, socket.local_addr().unwrap()));
    });
}
