//! Goal: messages, selects and futures that meet one another, or their time, are each done once and lose nothing.
//!
//! Method: small programs in which two or three ways to end meet, with a count at the end that must be right; on runtimes of each size, and in
//! simulations, which try more orders than any machine does.

mod common;

use common::{on_each_size, some};
use sisal::{block_on, channel, fiber, select};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

/// About as long as what it meets.
const SHORT: Duration = Duration::from_micros(40);

/// What a future says to its first poll.
fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    block_on(poll_fn(|context| Poll::Ready(future.as_mut().poll(context))))
}

fn rounds() -> usize {
    some(50, 3)
}

#[test]
fn messages_that_meet_timeouts() {
    on_each_size(|| {
        for capacity in [0, 1] {
            let (tx, rx) = channel::bounded(capacity);
            let (sent, received) = (AtomicUsize::new(0), AtomicUsize::new(0));
            fiber::scope(|s| {
                for n in 0..2 {
                    let (tx, sent) = (tx.clone(), &sent);
                    s.spawn(move || {
                        for _ in 0..2 * rounds() {
                            let result = match n {
                                0 => tx.send_timeout(1, SHORT).is_ok(),
                                _ => select! { send(tx, 1) -> result => result.is_ok(), default(SHORT) => false },
                            };
                            sent.fetch_add(usize::from(result), Relaxed);
                        }
                    });
                }
                drop(tx);
                for n in 0..2 {
                    let (rx, received) = (rx.clone(), &received);
                    s.spawn(move || {
                        loop {
                            let result = match n {
                                0 => rx.recv_timeout(SHORT).map_err(|error| error.is_timeout()),
                                _ => select! {
                                    recv(rx) -> message => message.map_err(|_| false),
                                    default(SHORT) => Err(true),
                                },
                            };
                            match result {
                                Ok(one) => {
                                    let _ = received.fetch_add(one, Relaxed);
                                }
                                Err(is_late) if is_late => {}
                                Err(_) => break,
                            }
                        }
                    });
                }
            });
            assert_eq!(sent.load(Relaxed), received.load(Relaxed), "capacity {capacity}");
        }
    });
}

#[test]
fn selects_that_meet_selects() {
    on_each_size(|| {
        let (a, of_a) = channel::bounded::<usize>(0);
        let (b, of_b) = channel::bounded::<usize>(0);
        let (met, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let both_ways = |n: usize| {
            select! {
                           send(a, n) -> sent => sent.unwrap(),
                           recv(of_b) -> n => {
            let _ = sum.fetch_add(n.unwrap(), Relaxed);
            }
                           default(SHORT) => return,
                       }
            met.fetch_add(1, Relaxed);
        };
        let other_ways = |n: usize| {
            select! {
                           recv(of_a) -> n => {
            let _ = sum.fetch_add(n.unwrap(), Relaxed);
            }
                           send(b, n) -> sent => sent.unwrap(),
                           default(SHORT) => return,
                       }
            met.fetch_add(1, Relaxed);
        };
        fiber::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| (0..rounds()).for_each(|_| both_ways(1)));
                s.spawn(|| (0..rounds()).for_each(|_| other_ways(1)));
            }
        });
        // Each meeting is one of each side, and one message.
        assert_eq!(met.load(Relaxed), 2 * sum.load(Relaxed));
    });
}

#[test]
fn room_that_a_select_leaves() {
    on_each_size(|| {
        for _ in 0..rounds() {
            let (a, of_a) = channel::bounded(1);
            let (b, of_b) = channel::bounded(1);
            let sum = AtomicUsize::new(0);
            fiber::scope(|s| {
                for n in 0..3 {
                    let (a, b) = (a.clone(), b.clone());
                    s.spawn(move || {
                        for _ in 0..2 {
                            match n {
                                0 => select! { send(a, 1) -> sent => sent.unwrap(), send(b, 1) -> sent => sent.unwrap() },
                                1 => a.send(1).unwrap(),
                                _ => b.send(1).unwrap(),
                            }
                        }
                    });
                }
                drop((a, b));
                let sum = &sum;
                s.spawn(move || {
                    let (mut of_a, mut of_b, mut open) = (of_a, of_b, 2);
                    while open > 0 {
                        let (is_a, message) = select! {
                            recv(of_a) -> message => (true, message),
                            recv(of_b) -> message => (false, message),
                        };
                        match message {
                            Ok(one) => {
                                let _ = sum.fetch_add(one, Relaxed);
                            }
                            Err(_) if is_a => (of_a, open) = (channel::never(), open - 1),
                            Err(_) => (of_b, open) = (channel::never(), open - 1),
                        }
                    }
                });
            });
            assert_eq!(sum.load(Relaxed), 6);
        }
    });
}

#[test]
fn futures_that_are_dropped_pass_on_what_they_were_told() {
    on_each_size(|| {
        for capacity in [Some(0), Some(1), None] {
            let (tx, rx) = capacity.map_or_else(channel::unbounded, channel::bounded);
            let (count, total) = (AtomicUsize::new(0), 4 * rounds());
            fiber::scope(|s| {
                for _ in 0..2 {
                    let tx = tx.clone();
                    s.spawn(move || (0..total / 2).for_each(|_| block_on(tx.send_async(1)).unwrap()));
                }
                drop(tx);
                for n in 0..3 {
                    let (rx, count) = (rx.clone(), &count);
                    s.spawn(move || {
                        loop {
                            // Polled once, told maybe, and dropped.
                            let mut given_up = Box::pin(rx.recv_async());
                            let early = poll_once(given_up.as_mut());
                            fiber::yield_now();
                            drop(given_up);
                            let message = match early {
                                Poll::Ready(message) => message,
                                Poll::Pending if n == 0 => rx.recv(),
                                Poll::Pending => block_on(rx.recv_async()),
                            };
                            match message {
                                Ok(one) => {
                                    let _ = count.fetch_add(one, Relaxed);
                                }
                                Err(_) => break,
                            }
                        }
                    });
                }
            });
            assert_eq!(count.load(Relaxed), total, "capacity {capacity:?}");
        }
    });
}

#[test]
fn a_future_that_is_dropped_leaves_its_message_to_another() {
    on_each_size(|| {
        for capacity in [Some(0), Some(1), None] {
            for _ in 0..rounds() {
                let (tx, rx) = capacity.map_or_else(channel::unbounded, channel::bounded);
                let (answer, answers) = channel::bounded(1);
                fiber::scope(|s| {
                    s.spawn(|| {
                        let mut given_up = Box::pin(rx.recv_async());
                        let early = poll_once(given_up.as_mut());
                        fiber::yield_now();
                        drop(given_up);
                        if let Poll::Ready(Ok(message)) = early {
                            answer.send(message).unwrap();
                        }
                    });
                    // Not cut short by the end of the other side: that comes after the answer.
                    let waiting =
                        s.spawn(|| block_on(rx.recv_async()).map(|message: u32| answer.send(message)));
                    block_on(tx.send_async(7)).unwrap();
                    assert_eq!(answers.recv(), Ok(7));
                    drop(tx);
                    let _ = waiting.join().unwrap();
                });
            }
        }
    });
}

#[test]
fn a_future_that_is_dropped_leaves_its_room_to_another() {
    on_each_size(|| {
        for _ in 0..rounds() {
            let (tx, rx) = channel::bounded(1);
            tx.send(0).unwrap();
            fiber::scope(|s| {
                s.spawn(|| {
                    let mut given_up = Box::pin(tx.send_async(1));
                    let _ = poll_once(given_up.as_mut());
                    fiber::yield_now();
                });
                s.spawn(|| block_on(tx.send_async(2)).unwrap());
                // They wait for room.
                fiber::yield_now();
                while rx.recv() != Ok(2) {}
            });
        }
    });
}

#[test]
fn what_is_ready_is_told() {
    on_each_size(|| {
        for _ in 0..rounds() {
            let (tx, rx) = channel::bounded(1);
            let (_other, never) = channel::bounded::<()>(0);
            fiber::scope(|s| {
                s.spawn(|| tx.send(7).unwrap());
                let mut select = channel::Select::new();
                select.recv(&never);
                let wanted = select.recv(&rx);
                assert_eq!(select.ready(), wanted);
                assert_eq!(rx.try_recv(), Ok(7));
            });
        }
    });
}

common::in_simulations! {
    messages_that_meet_timeouts,
    selects_that_meet_selects,
    room_that_a_select_leaves,
    futures_that_are_dropped_pass_on_what_they_were_told,
    a_future_that_is_dropped_leaves_its_message_to_another,
    a_future_that_is_dropped_leaves_its_room_to_another,
    what_is_ready_is_told,
}
