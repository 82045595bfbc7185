//! Goal: Unix connections are as TCP's, and a connect waits for room in the listener's queue.
//! Method: both ends in one process, on bare threads and through a reactor.

mod helpers;

use helpers::{Scratch, everywhere};
use sisal_net::{Shutdown, UnixListener, UnixSocketAddr, UnixStream};
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

#[test]
fn connections_over_a_path() {
    everywhere(|place| {
        let path = Scratch::new("listener");
        let listener = UnixListener::bind(&path.0).unwrap();
        let to = path.0.clone();
        let client = place.spawn(move || {
            let mut stream = UnixStream::connect(to).unwrap();
            stream.write_all(b"hello").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        });
        let mut stream = listener.incoming().next().unwrap().unwrap();
        let mut bytes = [0; 5];
        stream.read_exact(&mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
        assert_eq!(stream.local_addr().unwrap().as_pathname(), Some(&*path.0));
        drop(stream);
        assert_eq!(client.join().unwrap(), "hello");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn connections_over_an_abstract_name() {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("sisal-net-{}", std::process::id());
    let address = UnixSocketAddr::from_abstract_name(&name).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let client = UnixStream::connect_addr(&address).unwrap();
    assert!(listener.accept().unwrap().1.is_unnamed());
    assert_eq!(client.peer_addr().unwrap().as_abstract_name(), Some(name.as_bytes()));
}

#[test]
fn a_connect_waits_for_room() {
    everywhere(|place| {
        let path = Scratch::new("full");
        let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
        socket.bind(&socket2::SockAddr::unix(&path.0).unwrap()).unwrap();
        socket.listen(1).unwrap();
        let listener = UnixListener::from(std::os::fd::OwnedFd::from(socket));
        let clients: Vec<_> = (0..5)
            .map(|_| {
                let path = path.0.clone();
                place.spawn(move || UnixStream::connect(path).unwrap().write_all(b"x").unwrap())
            })
            .collect();
        for _ in 0..5 {
            assert_eq!(listener.accept().unwrap().0.read(&mut [0; 8]).unwrap(), 1);
        }
        clients.into_iter().for_each(|client| client.join().unwrap());
        drop(listener);
    });
}

#[test]
fn ends_and_timeouts() {
    everywhere(|place| {
        let (a, mut b) = UnixStream::pair().unwrap();
        b.set_read_timeout(Some(Duration::from_millis(3))).unwrap();
        assert_eq!(b.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        b.set_read_timeout(None).unwrap();
        let reader = place.spawn(move || b.read(&mut [0; 8]).unwrap());
        place.until_registered(1);
        a.shutdown(Shutdown::Write).unwrap();
        assert_eq!(reader.join().unwrap(), 0);
        assert_eq!((&a).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}
