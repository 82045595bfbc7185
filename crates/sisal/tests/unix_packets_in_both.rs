//! Goal: a program over Unix datagrams does the same on the system's sockets and on simulated ones.
//!
//! Method: each body runs on runtimes of each size over real sockets, and in simulations over many seeds. It asserts what both promise. In a
//! simulation the same paths serve every seed, and no file is there.

mod common;

use common::on_each_size;
use sisal::net::{UnixDatagram, UnixListener};
use sisal::{fiber, sim, spawn, time};
use std::io::ErrorKind;
use std::net::Shutdown;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

fn on_both(body: impl Fn() + Sync) {
    on_each_size(&body);
    sim::explore(0..200, body);
}

/// A path for a socket, where no file is afterwards.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = if sim::is_running() { 0 } else { COUNT.fetch_add(1, Relaxed) };
        let name = format!("sisal-packets-{}-{number}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        assert_eq!(
            std::fs::remove_file(&self.0).is_err(),
            sim::is_running(),
            "a file only outside of simulations"
        );
    }
}

#[test]
fn packets_keep_their_bounds_their_order_and_their_sender() {
    on_both(|| {
        let (here, there) = (Place::new("here"), Place::new("there"));
        let (a, b) = (UnixDatagram::bind(&here.0).unwrap(), UnixDatagram::bind(&there.0).unwrap());
        assert_eq!(a.local_addr().unwrap().as_pathname(), Some(&*here.0));
        assert_eq!(a.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
        let sending = spawn(move || {
            let there = b.local_addr().unwrap();
            for size in [3, 0, 100, 5] {
                b.send_to(&[size; 100][..size.into()], &here.0).unwrap();
            }
            (there, here)
        });
        let mut bytes = [0; 50];
        for (size, fits) in [(3, 3), (0, 0), (100, 50), (5, 5)] {
            let (count, from) = a.recv_from(&mut bytes).unwrap();
            assert_eq!((count, from.as_pathname()), (fits, Some(&*there.0)));
            assert!(
                bytes[..count].iter().all(|byte| *byte == size),
                "what did not fit is lost with its packet"
            );
        }
        let (sent_from, _here) = sending.join().unwrap();
        assert_eq!(sent_from.as_pathname(), Some(&*there.0));
        let unbound = UnixDatagram::unbound().unwrap();
        unbound.send_to_addr(b"x", &a.local_addr().unwrap()).unwrap();
        assert!(a.recv_from(&mut bytes).unwrap().1.is_unnamed());
    });
}

#[test]
fn two_of_a_pair_talk_with_each_other() {
    on_both(|| {
        let (a, b) = UnixDatagram::pair().unwrap();
        assert!(a.local_addr().unwrap().is_unnamed() && a.peer_addr().unwrap().is_unnamed());
        // More than a socket holds of strangers' packets.
        for n in 0..100_u8 {
            a.send(&[n]).unwrap();
        }
        let mut byte = [0];
        for n in 0..100_u8 {
            assert_eq!((b.recv(&mut byte).unwrap(), byte[0]), (1, n));
        }
        let echo = spawn(move || {
            let mut bytes = [0; 8];
            while let Ok(count @ 1..) = b.recv(&mut bytes) {
                b.send(&bytes[..count]).unwrap();
            }
        });
        for n in 0..20_u8 {
            a.send(&[n, n]).unwrap();
            let mut answer = [0; 8];
            assert_eq!((a.recv(&mut answer).unwrap(), &answer[..2]), (2, &[n, n][..]));
        }
        a.send(&[]).unwrap();
        echo.join().unwrap();
        assert_eq!(a.send(b"x").unwrap_err().kind(), ErrorKind::ConnectionRefused, "it is closed");
    });
}

#[test]
fn who_sends_to_a_full_socket_waits() {
    for connected in [false, true] {
        on_both(|| {
            let place = Place::new("full");
            let receiver = UnixDatagram::bind(&place.0).unwrap();
            let count = 1_000_u32;
            fiber::scope(|s| {
                s.spawn(|| {
                    let sender = UnixDatagram::unbound().unwrap();
                    if connected {
                        sender.connect(&place.0).unwrap();
                    }
                    for n in 0..count {
                        let bytes = n.to_le_bytes();
                        let sent =
                            if connected { sender.send(&bytes) } else { sender.send_to(&bytes, &place.0) };
                        assert_eq!(sent.unwrap(), 4);
                    }
                });
                let mut bytes = [0; 4];
                for n in 0..count {
                    assert_eq!((receiver.recv(&mut bytes).unwrap(), u32::from_le_bytes(bytes)), (4, n));
                }
            });
            let sender = UnixDatagram::unbound().unwrap();
            sender.connect(&place.0).unwrap();
            sender.set_write_timeout(Some(Duration::from_millis(20))).unwrap();
            let refused = (0..1_000).find_map(|_| sender.send(b"x").err());
            assert_eq!(refused.expect("it is full at last").kind(), ErrorKind::WouldBlock);
        });
    }
}

#[test]
fn who_is_connected_hears_nobody_else() {
    on_both(|| {
        let (here, there) = (Place::new("here"), Place::new("there"));
        let (a, b) = (UnixDatagram::bind(&here.0).unwrap(), UnixDatagram::bind(&there.0).unwrap());
        a.connect(&there.0).unwrap();
        b.connect_addr(&a.local_addr().unwrap()).unwrap();
        assert_eq!(a.peer_addr().unwrap().as_pathname(), Some(&*there.0));
        let stranger = UnixDatagram::unbound().unwrap();
        assert_eq!(stranger.send_to(b"x", &here.0).unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert_eq!(stranger.connect(&here.0).unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert_eq!(stranger.send(b"x").unwrap_err().kind(), ErrorKind::NotConnected);
        b.send(b"x").unwrap();
        assert_eq!(a.recv(&mut [0; 8]).unwrap(), 1);
    });
}

#[test]
fn an_address_has_one_socket() {
    on_both(|| {
        let place = Place::new("one");
        let first = UnixDatagram::bind(&place.0).unwrap();
        assert_eq!(UnixDatagram::bind(&place.0).unwrap_err().kind(), ErrorKind::AddrInUse);
        assert_eq!(UnixListener::bind(&place.0).unwrap_err().kind(), ErrorKind::AddrInUse);
        let sender = UnixDatagram::unbound().unwrap();
        drop(first);
        assert_eq!(sender.send_to(b"x", &place.0).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(sender.connect(&place.0).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn who_waits_hears_of_a_shutdown_a_timeout_and_a_cancel() {
    on_both(|| {
        let (a, b) = UnixDatagram::pair().unwrap();
        a.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        assert_eq!(a.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        a.set_read_timeout(None).unwrap();
        let late = time::timeout(Duration::from_millis(5), || a.recv(&mut [0]));
        assert!(late.is_err() || late.is_ok_and(|result| result.is_err()));
        let clone = a.try_clone().unwrap();
        let reading = spawn(move || clone.recv(&mut [0]));
        time::sleep(Duration::from_millis(1));
        a.shutdown(Shutdown::Read).unwrap();
        assert_eq!(reading.join().unwrap().unwrap(), 0);
        assert_eq!(b.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        a.shutdown(Shutdown::Write).unwrap();
        assert_eq!(a.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        let reading = spawn(move || b.recv(&mut [0]).unwrap_err().to_string());
        time::sleep(Duration::from_millis(1));
        reading.cancel();
        assert!(reading.join().unwrap().contains("cancelled"));
    });
}

#[test]
fn the_same_seed_gives_the_same_packets() {
    let program = || {
        let (a, b) = UnixDatagram::pair().unwrap();
        let a = std::sync::Arc::new(a);
        let senders = [1, 2, 3].map(|n| {
            let a = std::sync::Arc::clone(&a);
            spawn(move || (0..3).for_each(|_| assert_eq!(a.send(&[n]).unwrap(), 1)))
        });
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        [(); 9].map(|()| {
            let mut byte = [0];
            b.recv(&mut byte).unwrap();
            byte[0]
        })
    };
    let runs: Vec<_> = (0..100).map(|seed| sim::run(seed, program)).collect();
    assert!((0..100).all(|seed| sim::run(seed, program) == runs[seed as usize]));
    assert!(runs.iter().collect::<std::collections::HashSet<_>>().len() > 10);
}
