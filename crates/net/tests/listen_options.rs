//! Goal: each option of a listener is what the kernel then says, and a group of listeners shares its connections.
//! Method: ask the kernel through socket2; count who accepted.

mod helpers;

use helpers::{Scratch, everywhere, until};
use sisal_net::{ListenOptions, TcpListener, TcpStream, UnixStream};
use socket2::SockRef;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn the_kernel_is_told() {
    let listener = ListenOptions::new()
        .reuse_port(true)
        .recv_buffer_size(100_000)
        .send_buffer_size(50_000)
        .tcp("127.0.0.1:0")
        .unwrap();
    let socket = SockRef::from(&listener);
    assert!(socket.reuse_port().unwrap() && socket.reuse_address().unwrap());
    assert!(socket.recv_buffer_size().unwrap() >= 100_000);
    assert!((50_000..1_000_000).contains(&socket.send_buffer_size().unwrap()));
    let strict = ListenOptions::new().reuse_address(false).tcp("127.0.0.1:0").unwrap();
    assert!(!SockRef::from(&strict).reuse_address().unwrap());
    let udp = ListenOptions::new().reuse_port(true).udp("127.0.0.1:0").unwrap();
    ListenOptions::new().reuse_port(true).udp(udp.local_addr().unwrap()).unwrap();
}

#[test]
fn an_address_is_not_shared_unasked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let taken = ListenOptions::new().reuse_port(true).tcp(address).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
}

#[test]
fn ipv6_alone_leaves_the_port_to_ipv4() {
    let Ok(listener) = ListenOptions::new().only_v6(true).tcp("[::]:0") else {
        eprintln!("no IPv6 here");
        return;
    };
    assert!(SockRef::from(&listener).only_v6().unwrap());
    // Again with another port, should somebody have this one.
    let left_to_others = (0..5).any(|_| {
        let listener = ListenOptions::new().only_v6(true).tcp("[::]:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        ListenOptions::new().tcp(("0.0.0.0", port)).is_ok()
    });
    assert!(left_to_others);
    let both = ListenOptions::new().only_v6(false).tcp("[::]:0").unwrap();
    TcpStream::connect(("127.0.0.1", both.local_addr().unwrap().port())).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_short_backlog_is_one() {
    let path = Scratch::new("backlog");
    let listener = ListenOptions::new().backlog(0).unix(&path.0).unwrap();
    // Room for one more than it says; the next connect would wait.
    let _first = UnixStream::connect(&path.0).unwrap();
    let full = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    full.set_nonblocking(true).unwrap();
    let refused = full.connect(&socket2::SockAddr::unix(&path.0).unwrap()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
    drop(listener);
}

#[test]
fn a_group_shares_its_connections() {
    everywhere(|place| {
        let group = ListenOptions::new().tcp_group("127.0.0.1:0", 4).unwrap();
        let address = group[0].local_addr().unwrap();
        let counts: Arc<[AtomicUsize; 4]> = Arc::default();
        let acceptors: Vec<_> = group
            .into_iter()
            .enumerate()
            .map(|(index, listener)| {
                let counts = Arc::clone(&counts);
                listener.set_nonblocking(true).unwrap();
                place.spawn(move || {
                    while counts.iter().map(|count| count.load(Ordering::Relaxed)).sum::<usize>() < 200 {
                        match listener.accept() {
                            Ok(_) => drop(counts[index].fetch_add(1, Ordering::Relaxed)),
                            Err(_) => std::thread::yield_now(),
                        }
                    }
                })
            })
            .collect();
        let clients: Vec<_> = (0..200).map(|_| TcpStream::connect(address).unwrap()).collect();
        until("all accepted", || {
            counts.iter().map(|count| count.load(Ordering::Relaxed)).sum::<usize>() == 200
        });
        acceptors.into_iter().for_each(|acceptor| acceptor.join().unwrap());
        // A hash of the address decides: 1 in 10^24 that one of the four gets none.
        assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) > 0), "{counts:?}");
        drop(clients);
    });
}
