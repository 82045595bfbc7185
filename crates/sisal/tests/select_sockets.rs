//! `select!` over sockets: data, a connection, room or an end, whichever comes first, beside all that can be selected.
//!
//! Method: on fibers of runtimes of each size and on bare threads, sockets that become ready before, while and after the
//! select waits; what a lost race leaves is still there.

mod common;

use common::on_each_size;
use sisal::fiber::CancelToken;
use sisal::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use sisal::{channel, fiber, go, select, time};
use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::Duration;

/// From fibers, and from a bare thread.
fn on_each_kind(test: impl Fn() + Sync) {
    on_each_size(&test);
    thread::scope(|scope| scope.spawn(&test).join().unwrap());
}

#[test]
fn data_or_a_message() {
    on_each_kind(|| {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let (sender, receiver) = channel::unbounded();
        for round in 0..100_u8 {
            let by_socket = round % 2 == 0;
            let (sender, mut stream) = (sender.clone(), theirs.try_clone().unwrap());
            let other = go! {
                fiber::yield_now();
                if by_socket { stream.write_all(&[round]).unwrap() } else { sender.send(round).unwrap() }
            };
            select! {
                recv(ours.readable()) -> ready => {
                    ready.unwrap();
                    let mut byte = [0];
                    ours.read_exact(&mut byte).unwrap();
                    assert!(by_socket && byte == [round]);
                }
                recv(receiver) -> got => assert!(!by_socket && got == Ok(round)),
            }
            other.join().unwrap();
        }
        theirs.write_all(b"x").unwrap();
        // It was ready before; and so it is again, since nothing was read.
        for _ in 0..2 {
            select! {
                recv(ours.readable()) -> ready => ready.unwrap(),
                recv(receiver) -> _ => unreachable!(),
            }
        }
    });
}

#[test]
fn a_server_that_can_be_told_to_stop() {
    on_each_kind(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancelToken::new();
        let (client_stop, count) = (stop.clone(), 10);
        let clients = go! {
            for n in 0..count {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(&[n]).unwrap();
                assert_eq!(stream.read(&mut [0]).unwrap(), 1);
            }
            client_stop.cancel();
        };
        let mut served = 0;
        loop {
            select! {
                recv(listener.readable()) -> ready => {
                    ready.unwrap();
                    let (mut stream, _) = listener.accept().unwrap();
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    stream.write_all(&byte).unwrap();
                    served += 1;
                }
                recv(stop) -> () => break,
            }
        }
        assert_eq!(served, count);
        clients.join().unwrap();
    });
}

#[test]
fn room_ends_and_timeouts() {
    on_each_kind(|| {
        let (ours, theirs) = UnixStream::pair().unwrap();
        select! {
            recv(ours.writable()) -> ready => ready.unwrap(),
            recv(ours.readable()) -> _ => unreachable!(),
        }
        select! {
            recv(ours.readable()) -> _ => unreachable!(),
            default => {}
        }
        select! {
            recv(ours.readable()) -> _ => unreachable!(),
            default(Duration::from_millis(2)) => {}
        }
        let ender = go!(move || drop(theirs));
        select! { recv(ours.readable()) -> ready => ready.unwrap() }
        assert_eq!((&ours).read(&mut [0]).unwrap(), 0);
        ender.join().unwrap();
    });
}

#[test]
fn a_cancel_and_a_deadline_end_the_select() {
    on_each_kind(|| {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let late = time::with_deadline(time::now() + Duration::from_millis(2), || {
            select! { recv(socket.readable()) -> ready => ready }
        });
        assert_eq!(late.unwrap_err().kind(), ErrorKind::TimedOut);
        let token = CancelToken::new();
        token.cancel();
        let cancelled = token.run(|| select! { recv(socket.readable()) -> ready => ready });
        assert_eq!(cancelled.unwrap_err().to_string(), "cancelled");
    });
}

/// Two fibers select on one socket: an edge wakes both, the one that is slower goes on waiting.
#[test]
fn an_edge_that_another_has_used_is_no_readiness() {
    on_each_size(|| {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (stop, stopped) = channel::bounded::<()>(0);
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (ours, stopped) = (ours.try_clone().unwrap(), stopped.clone());
                go! {
                    ours.set_nonblocking(true).unwrap();
                    let mut bytes = 0;
                    loop {
                        select! {
                            recv(ours.readable()) -> ready => {
                                ready.unwrap();
                                // Empty if the other was faster.
                                bytes += (&ours).read(&mut [0; 1]).unwrap_or(0);
                            }
                            recv(stopped) -> _ => return bytes,
                        }
                    }
                }
            })
            .collect();
        for _ in 0..100 {
            (&theirs).write_all(b"x").unwrap();
            fiber::yield_now();
        }
        common::eventually("all is read", || !ours.readable().is_ready().unwrap());
        drop(stop);
        let bytes: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert_eq!(bytes, 100);
    });
}
