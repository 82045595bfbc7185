//! Goal: no edge is lost, whoever waits, wherever it was registered, and whatever happens to the reactor meanwhile.
//! Method: bare threads that wait through a reactor which another thread turns.

mod helpers;

use helpers::{Turned, read, until};
use sisal_reactor::{Interest, Reactor, Source, install};
use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

fn unix_pair() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().unwrap();
    a.set_nonblocking(true).unwrap();
    (a, b)
}

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    a.set_nonblocking(true).unwrap();
    a.set_nodelay(true).unwrap();
    let (b, _) = listener.accept().unwrap();
    b.set_nodelay(true).unwrap();
    (a, b)
}

#[test]
fn data_wakes_who_waits_through_a_reactor() {
    let turned = Turned::new();
    let (a, mut b) = unix_pair();
    let reader = turned.spawn(move || {
        let source = Source::new();
        (0..3).map(|_| read(&a, &source, &mut [0; 8], None).unwrap()).sum::<usize>()
    });
    until("registered", || turned.reactor.sources() == 1);
    for _ in 0..3 {
        thread::sleep(Duration::from_millis(1));
        b.write_all(b"x").unwrap();
    }
    drop(b);
    assert!(reader.join().unwrap() >= 1);
    assert_eq!(turned.reactor.sources(), 0, "dropping a source takes its registration back");
}

#[test]
fn a_bare_thread_waits_by_itself() {
    let (a, mut b) = unix_pair();
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(2));
        b.write_all(b"x").unwrap();
        b
    });
    let source = Source::new();
    assert_eq!(read(&a, &source, &mut [0; 8], None).unwrap(), 1);
    let deadline = Instant::now() + Duration::from_millis(3);
    let error = read(&a, &source, &mut [0; 8], Some(deadline)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(Instant::now() >= deadline);
    drop(writer.join().unwrap());
}

#[test]
fn a_deadline_ends_the_wait() {
    let turned = Turned::new();
    let (a, _b) = unix_pair();
    turned.enter(|| {
        let deadline = Instant::now() + Duration::from_millis(3);
        let error = read(&a, &Source::new(), &mut [0; 8], Some(deadline)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(Instant::now() >= deadline);
    });
}

#[test]
fn an_edge_between_the_call_and_the_wait_is_seen() {
    let reactor = Reactor::new().unwrap();
    thread::spawn(move || {
        install(Some(&reactor));
        let (a, mut b) = unix_pair();
        let source = Source::new();
        // Registers, and lets the first event (there is room to write) pass.
        let soon = Some(Instant::now() + Duration::from_micros(10));
        let look = source.look(Interest::Readable);
        assert!(source.wait(a.as_fd(), Interest::Readable, look, soon).is_err());
        reactor.turn(Some(Duration::ZERO)).unwrap();

        let look = source.look(Interest::Readable);
        b.write_all(b"x").unwrap();
        assert_eq!(reactor.turn(Some(Duration::ZERO)).unwrap(), 1);
        // Nobody turns the reactor any more: this returns because of the look alone.
        source.wait(a.as_fd(), Interest::Readable, look, None).unwrap();
        reactor.close();
    })
    .join()
    .unwrap();
}

#[test]
fn each_edge_wakes_all_who_wait() {
    let turned = Turned::new();
    let (a, b) = UnixDatagram::pair().unwrap();
    a.set_nonblocking(true).unwrap();
    let shared = Arc::new((a, Source::new()));
    // More than fit into one batch of wakers.
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let shared = Arc::clone(&shared);
            turned.spawn(move || {
                let (socket, source) = &*shared;
                loop {
                    let look = source.look(Interest::Readable);
                    if socket.recv(&mut [0; 8]).is_ok() {
                        return;
                    }
                    source.wait(socket.as_fd(), Interest::Readable, look, None).unwrap();
                }
            })
        })
        .collect();
    let all_wait = || format!("{:?}", shared.1).contains("waiting: 20");
    until("all wait", all_wait);
    // All at once: fewer edges than datagrams.
    for _ in 0..20 {
        b.send(b"x").unwrap();
    }
    readers.into_iter().for_each(|reader| reader.join().unwrap());
}

#[test]
fn both_directions_wait_at_once() {
    let turned = Turned::new();
    let (a, mut b) = unix_pair();
    let mut full = &a;
    while full.write(&[0; 4096]).is_ok() {}
    let shared = Arc::new((a, Source::new()));
    let reader = turned.spawn({
        let shared = Arc::clone(&shared);
        move || read(&shared.0, &shared.1, &mut [0; 8], None).unwrap()
    });
    let writer = turned.spawn({
        let shared = Arc::clone(&shared);
        move || {
            let (mut stream, source) = (&shared.0, &shared.1);
            loop {
                let look = source.look(Interest::Writable);
                if stream.write_all(b"x").is_ok() {
                    return;
                }
                source.wait(stream.as_fd(), Interest::Writable, look, None).unwrap();
            }
        }
    });
    until("both wait", || format!("{:?}", shared.1).matches("waiting: 1").count() == 2);
    b.write_all(b"x").unwrap();
    assert_eq!(reader.join().unwrap(), 1);
    assert!(!writer.is_finished());
    b.set_nonblocking(true).unwrap();
    while std::io::Read::read(&mut b, &mut [0; 65536]).is_ok() {}
    writer.join().unwrap();
}

#[test]
fn a_nudge_ends_a_wait_early() {
    let turned = Turned::new();
    let shared = Arc::new((unix_pair(), Source::new()));
    let waiter = turned.spawn({
        let shared = Arc::clone(&shared);
        move || {
            let ((a, _b), source) = &*shared;
            let look = source.look(Interest::Readable);
            source.wait(a.as_fd(), Interest::Readable, look, None)
        }
    });
    until("it waits", || format!("{:?}", shared.1).contains("waiting: 1"));
    shared.1.nudge(Interest::Readable);
    waiter.join().unwrap().unwrap();
}

#[test]
fn who_waits_when_its_reactor_closes_goes_on_elsewhere() {
    let (first, second) = (Turned::new(), Turned::new());
    let (a, mut b) = unix_pair();
    let shared = Arc::new((a, Source::new()));
    let reader = first.spawn({
        let (shared, next) = (Arc::clone(&shared), Arc::clone(&second.reactor));
        move || {
            let (stream, source) = &*shared;
            let look = source.look(Interest::Readable);
            source.wait(stream.as_fd(), Interest::Readable, look, None).unwrap();
            install(Some(&next));
            read(stream, source, &mut [0; 8], None).unwrap()
        }
    });
    until("registered", || first.reactor.sources() == 1);
    drop(first);
    until("registered elsewhere", || second.reactor.sources() == 1);
    b.write_all(b"x").unwrap();
    assert_eq!(reader.join().unwrap(), 1);
}

#[test]
fn it_moves_with_the_second_wait_in_a_row() {
    let (first, second) = (Turned::new(), Turned::new());
    let (a, mut b) = unix_pair();
    let source = Source::new();
    let mut round = |turned: &Turned| {
        turned.enter(|| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(Duration::from_millis(1));
                    b.write_all(b"x").unwrap();
                });
                assert_eq!(read(&a, &source, &mut [0; 8], None).unwrap(), 1);
            });
        });
        (first.reactor.sources(), second.reactor.sources())
    };
    assert_eq!(round(&first), (1, 0));
    assert_eq!(round(&second), (1, 0), "a visit");
    assert_eq!(round(&first), (1, 0));
    assert_eq!(round(&second), (1, 0), "not in a row");
    assert_eq!(round(&second), (0, 1), "a habit");
}

#[test]
fn a_new_socket_with_an_old_number_gets_its_own_edges() {
    let turned = Turned::new();
    turned.enter(|| {
        for _ in 0..200 {
            let ((a, mut b), source) = (unix_pair(), Source::new());
            let helper = thread::spawn(move || b.write_all(b"x").map(|()| b));
            assert_eq!(read(&a, &source, &mut [0; 8], None).unwrap(), 1);
            // Its end is on the way to the reactor while the number is given to the next socket.
            drop(helper.join().unwrap().unwrap());
            drop(source);
        }
    });
    assert_eq!(turned.reactor.sources(), 0);
}

#[test]
fn a_short_read_saves_the_next_call_until_an_edge_comes() {
    let turned = Turned::new();
    turned.enter(|| {
        let ((a, mut b), source) = (tcp_pair(), Source::new());
        let look = source.look(Interest::Readable);
        assert!(!source.is_drained(Interest::Readable, look), "nothing was read yet");
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(2));
                b.write_all(b"x").unwrap();
            });
            source.wait(a.as_fd(), Interest::Readable, look, None).unwrap();
        });
        let look = source.look(Interest::Readable);
        assert_eq!(std::io::Read::read(&mut (&a), &mut [0; 8]).unwrap(), 1);
        source.drained(Interest::Readable, look);
        assert!(source.is_drained(Interest::Readable, source.look(Interest::Readable)));

        b.write_all(b"y").unwrap();
        source.wait(a.as_fd(), Interest::Readable, look, None).unwrap();
        assert!(!source.is_drained(Interest::Readable, source.look(Interest::Readable)));
    });
}

/// Data and end in one edge: a short read of the data must not hide the end.
#[test]
fn an_end_is_never_drained() {
    let turned = Turned::new();
    turned.enter(|| {
        let ((a, mut b), source) = (tcp_pair(), Source::new());
        b.write_all(b"x").unwrap();
        drop(b);
        thread::sleep(Duration::from_millis(1));
        let look = source.look(Interest::Readable);
        source.wait(a.as_fd(), Interest::Readable, look, None).unwrap();
        let look = source.look(Interest::Readable);
        assert_eq!(std::io::Read::read(&mut (&a), &mut [0; 8]).unwrap(), 1);
        source.drained(Interest::Readable, look);
        assert!(!source.is_drained(Interest::Readable, source.look(Interest::Readable)));
    });
}

/// Readers that trust their short reads, against writers that do not wait for them: a lost edge hangs.
#[test]
fn drained_readers_lose_nothing() {
    let turned = Turned::new();
    const BYTES: usize = 20_000;
    let (a, mut b) = tcp_pair();
    let reader = turned.spawn(move || {
        let (source, mut total, mut skipped) = (Source::new(), 0, 0);
        let mut bytes = [0; 64];
        while total < BYTES {
            let look = source.look(Interest::Readable);
            if source.is_drained(Interest::Readable, look) {
                skipped += 1;
                source.wait(a.as_fd(), Interest::Readable, look, None).unwrap();
                continue;
            }
            match std::io::Read::read(&mut (&a), &mut bytes) {
                Ok(count) => {
                    total += count;
                    if count < bytes.len() {
                        source.drained(Interest::Readable, look);
                    }
                }
                Err(_) => source.wait(a.as_fd(), Interest::Readable, look, None).unwrap(),
            }
        }
        skipped
    });
    for round in 0..BYTES / 10 {
        b.write_all(&[7; 10]).unwrap();
        if round % 64 == 0 {
            thread::yield_now();
        }
    }
    assert!(reader.join().unwrap() > 0);
}
