//! Goal: deadlines around code: the nearest counts, a shield hides them, `timeout` says whether its own was hit; on fibers
//! and on bare threads.
//! Method: waits that would last for ever, under combinations of both.

mod common;

use common::on_each_size;
use sisal::net::{TcpListener, TcpStream, UnixStream};
use sisal::time::{self, timeout, with_deadline};
use sisal::{channel, coroutine, fiber};
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(2);

/// Runs `test` on fibers and on a bare thread.
fn everywhere(test: impl Fn() + Sync) {
    test();
    on_each_size(test);
}

fn soon() -> Instant {
    Instant::now() + SHORT
}

fn late() -> Instant {
    Instant::now() + LONG
}

#[test]
fn the_nearest_counts() {
    everywhere(|| {
        let start = Instant::now();
        with_deadline(soon(), || with_deadline(late(), || time::sleep(LONG)));
        with_deadline(late(), || {
            with_deadline(soon(), || time::sleep(LONG));
            assert!(!fiber::is_cancelled());
            let pause = Instant::now();
            time::sleep(SHORT);
            assert!(pause.elapsed() >= SHORT);
        });
        assert!(start.elapsed() >= 3 * SHORT && start.elapsed() < LONG / 2);
    });
}

#[test]
fn an_operations_own_deadline_counts_too() {
    everywhere(|| {
        with_deadline(late(), || {
            assert!(channel::never::<()>().recv_timeout(SHORT).unwrap_err().is_timeout());
            let (mut stream, _other) = UnixStream::pair().unwrap();
            stream.set_read_timeout(Some(SHORT)).unwrap();
            assert_eq!(stream.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock);
        });
        with_deadline(soon(), || {
            let (mut stream, _other) = UnixStream::pair().unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            assert_eq!(stream.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::TimedOut);
        });
    });
}

#[test]
fn a_shield_hides_them_and_what_is_inside_counts() {
    everywhere(|| {
        with_deadline(Instant::now(), || {
            assert!(fiber::is_cancelled());
            time::shield(|| {
                assert!(!fiber::is_cancelled());
                let start = Instant::now();
                time::sleep(SHORT);
                assert!(start.elapsed() >= SHORT);
                with_deadline(soon(), || time::sleep(LONG));
            });
            assert!(fiber::is_cancelled());
        });
        assert!(!fiber::is_cancelled());
    });
}

#[test]
fn timeout_says_whether_it_was_its_own() {
    everywhere(|| {
        assert_eq!(timeout(LONG, || 1), Ok(1));
        assert_eq!(timeout(Duration::MAX, || 1), Ok(1));
        assert!(timeout(SHORT, || channel::never::<()>().recv()).is_err());
        assert!(timeout(SHORT, || while !fiber::is_cancelled() {}).is_err());
        // The one outside was hit: inside there is a value, an error of its own.
        let outer = timeout(SHORT, || timeout(LONG, || channel::never::<()>().recv().is_err()));
        assert!(outer.is_err());
        with_deadline(soon(), || {
            assert_eq!(timeout(LONG, || channel::never::<()>().recv().is_err()), Ok(true));
        });
        // A value that came without a wait being cut short is not lost, however late it is.
        let late = timeout(Duration::ZERO, || {
            let (sender, receiver) = channel::bounded(1);
            sender.send(7).unwrap();
            std::thread::sleep(SHORT);
            receiver.recv()
        });
        assert_eq!(late, Ok(Ok(7)));
    });
}

#[test]
fn a_deadline_ends_with_its_code_also_by_a_panic() {
    everywhere(|| {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            with_deadline(Instant::now(), || time::shield(|| panic!("on purpose")));
        }));
        assert!(unwound.is_err() && !fiber::is_cancelled());
    });
}

#[test]
fn sockets_of_bare_threads_end_too() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = with_deadline(soon(), || listener.accept()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert!(timeout(SHORT, || stream.read(&mut [0; 1])).is_err());
}

#[test]
fn children_of_a_scope_have_it_and_spawned_ones_do_not() {
    on_each_size(|| {
        with_deadline(Instant::now(), || {
            fiber::scope(|s| {
                assert!(s.spawn(fiber::is_cancelled).join().unwrap());
                // Also those of a child.
                let grandchild = s.spawn(|| fiber::scope(|s| s.spawn(fiber::is_cancelled).join().unwrap()));
                assert!(grandchild.join().unwrap());
            });
            assert!(!fiber::spawn(fiber::is_cancelled).join().unwrap());
            time::shield(|| fiber::scope(|s| assert!(!s.spawn(fiber::is_cancelled).join().unwrap())));
        });
    });
}

#[test]
fn a_coroutine_that_stops_inside_of_one_takes_it_along() {
    everywhere(|| {
        let make = |deadline: Instant| {
            coroutine::iter(move |yielder| {
                with_deadline(deadline, || {
                    yielder.yield_(fiber::is_cancelled());
                    yielder.yield_(fiber::is_cancelled());
                });
                yielder.yield_(fiber::is_cancelled());
            })
        };
        // Two of them, stopped inside of each other's: first in, first out.
        let (mut passed, mut other) = (make(Instant::now()), make(late()));
        for (n, expected) in [true, true, false].into_iter().enumerate() {
            assert_eq!((passed.next(), other.next()), (Some(expected), Some(false)), "step {n}");
            assert!(!fiber::is_cancelled());
        }
        // One that is dropped inside, under another deadline.
        let mut dropped = make(Instant::now());
        assert_eq!(dropped.next(), Some(true));
        with_deadline(late(), || drop(dropped));
        assert!(!fiber::is_cancelled());
    });
}
