//! Goal: sockets come from std and go back there as they were; one made under one reactor works under another, or on
//! a bare thread after the first is gone.
//! Method: the descriptor's flags, and reads that must wait.

mod helpers;

use helpers::{Place, Turned, pair};
use sisal_net::{TcpStream, UnixStream};
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::thread;
use std::time::Duration;

fn is_nonblocking(fd: &impl AsFd) -> bool {
    socket2::SockRef::from(fd).nonblocking().unwrap()
}

#[test]
fn there_and_back() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(Duration::from_millis(40))).unwrap();
    let number = ours.as_raw_fd();
    let ours = UnixStream::from(ours);
    assert!(is_nonblocking(&ours));
    assert_eq!(ours.read_timeout().unwrap(), Some(Duration::from_millis(40)));
    ours.set_write_timeout(Some(Duration::from_millis(80))).unwrap();
    let ours = std::os::unix::net::UnixStream::from(ours);
    assert!(!is_nonblocking(&ours));
    assert_eq!(ours.as_raw_fd(), number, "the same descriptor");
    assert_eq!(ours.write_timeout().unwrap(), Some(Duration::from_millis(80)));

    let ours = UnixStream::from(OwnedFd::from(ours));
    ours.set_nonblocking(true).unwrap();
    assert!(is_nonblocking(&OwnedFd::from(ours)), "as its user wished");
    drop(theirs);
}

#[test]
fn a_copy_for_who_has_clones() {
    let (client, mut server) = pair();
    let clone = client.try_clone().unwrap();
    assert_eq!(clone.as_raw_fd(), client.as_raw_fd());
    let mut std = std::net::TcpStream::from(clone);
    assert_ne!(std.as_raw_fd(), client.as_raw_fd());
    // Blocking mode is the connection's, not the descriptor's; ours does not mind.
    assert!(!is_nonblocking(&client));
    client.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
    assert!((&client).read(&mut [0; 8]).is_err());
    server.write_all(b"ab").unwrap();
    std.read_exact(&mut [0; 1]).unwrap();
    drop(std);
    assert_eq!((&client).read(&mut [0; 8]).unwrap(), 1);
}

#[test]
fn it_survives_its_reactor() {
    let (client, mut server) = pair();
    let read_one = |client: &TcpStream, server: &mut TcpStream, place: &Place| {
        thread::scope(|scope| {
            scope.spawn(|| {
                place.until_registered(1);
                server.write_all(b"x").unwrap();
            });
            let mut client = client;
            assert_eq!(client.read(&mut [0; 8]).unwrap(), 1);
        });
    };
    for _ in 0..2 {
        let turned = Turned::new();
        sisal_reactor::install(Some(turned.reactor()));
        read_one(&client, &mut server, &turned.place);
        sisal_reactor::install(None);
        drop(turned);
        read_one(&client, &mut server, &Place { reactor: None });
    }
}

/// The reader waits under a reactor that closes; nobody turns another one for it, so it goes on by itself.
#[test]
fn who_waits_survives_too() {
    let turned = Turned::new();
    let (client, mut server) = pair();
    let reader = turned.place.spawn(move || (&client).read(&mut [0; 8]).unwrap());
    turned.place.until_registered(1);
    drop(turned);
    server.write_all(b"x").unwrap();
    assert_eq!(reader.join().unwrap(), 1);
}
