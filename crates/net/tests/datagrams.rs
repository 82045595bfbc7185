//! Goal: packets arrive whole, one by one, at whoever waits; a sender waits for room.
//! Method: UDP and Unix sockets in one process, on bare threads and through a reactor.

mod helpers;

use helpers::{Scratch, everywhere};
use sisal_net::{UdpSocket, UnixDatagram};
use std::io::ErrorKind;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

#[test]
fn udp_from_one_to_another() {
    everywhere(|place| {
        let (a, b) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let (to, from) = (b.local_addr().unwrap(), a.local_addr().unwrap());
        let receiver = place.spawn(move || {
            let mut bytes = [0; 16];
            assert_eq!(b.peek_from(&mut bytes).unwrap(), (5, from));
            assert_eq!(b.recv_from(&mut bytes).unwrap(), (5, from));
            b.connect(from).unwrap();
            assert_eq!(b.peer_addr().unwrap(), from);
            b.send(&bytes[..5]).unwrap();
        });
        place.until_registered(1);
        a.send_to(b"hello", to).unwrap();
        let mut bytes = [0; 16];
        assert_eq!(a.recv(&mut bytes).unwrap(), 5);
        assert_eq!(&bytes[..5], b"hello");
        receiver.join().unwrap();
    });
}

#[test]
fn several_receive_from_one_socket() {
    everywhere(|place| {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let address = socket.local_addr().unwrap();
        let receivers: Vec<_> = (0..6)
            .map(|_| {
                let socket = Arc::clone(&socket);
                place.spawn(move || socket.recv(&mut [0; 8]).unwrap())
            })
            .collect();
        for _ in 0..6 {
            socket.send_to(b"x", address).unwrap();
        }
        receivers.into_iter().for_each(|receiver| assert_eq!(receiver.join().unwrap(), 1));
        drop(socket);
    });
}

#[test]
fn a_unix_sender_waits_for_room() {
    everywhere(|place| {
        for connected in [true, false] {
            let path = Scratch::new("datagram");
            let receiver = UnixDatagram::bind(&path.0).unwrap();
            let target = path.0.clone();
            let sender = place.spawn(move || {
                let socket = UnixDatagram::unbound().unwrap();
                if connected {
                    socket.connect(&target).unwrap();
                }
                for number in 0..100_u8 {
                    let sent =
                        if connected { socket.send(&[number]) } else { socket.send_to(&[number], &target) };
                    assert_eq!(sent.unwrap(), 1);
                }
            });
            thread::sleep(Duration::from_millis(2));
            for number in 0..100 {
                let mut bytes = [0; 8];
                let (count, address) = receiver.recv_from(&mut bytes).unwrap();
                assert_eq!((count, bytes[0]), (1, number));
                assert!(address.is_unnamed());
            }
            sender.join().unwrap();
        }
    });
}

#[test]
fn a_unix_sender_gives_up_at_its_timeout() {
    everywhere(|_| {
        let path = Scratch::new("full");
        let _receiver = UnixDatagram::bind(&path.0).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.set_write_timeout(Some(Duration::from_millis(5))).unwrap();
        let error = loop {
            if let Err(error) = sender.send_to(b"x", &path.0) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_unix_address_is_told() {
    everywhere(|_| {
        let (ours, theirs) = (Scratch::new("ours"), Scratch::new("theirs"));
        let (a, b) = (UnixDatagram::bind(&ours.0).unwrap(), UnixDatagram::bind(&theirs.0).unwrap());
        a.send_to_addr(b"x", &b.local_addr().unwrap()).unwrap();
        assert_eq!(b.recv_from(&mut [0; 8]).unwrap().1.as_pathname(), Some(&*ours.0));
        b.connect_addr(&a.local_addr().unwrap()).unwrap();
        assert_eq!(b.peer_addr().unwrap().as_pathname(), Some(&*ours.0));
    });
}
