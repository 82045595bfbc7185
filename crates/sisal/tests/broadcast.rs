//! `channel::broadcast`: every receiver gets every message in order, or is told how many it has missed.
//!
//! Method: receivers of all kinds count what they got and what they missed: together, all that was sent.

mod common;

use common::executor::Executor;
use common::on_each_size;
use sisal::channel::broadcast::{self, RecvError, RecvTimeoutError, TryRecvError};
use sisal::channel::{self, SendError};
use sisal::{block_on, fiber, go, select};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const COUNT: u64 = 2_000;

/// Takes what came, which must be the next number or a lag; `false` at the end.
fn note(next: &mut u64, got: Result<u64, RecvError>) -> bool {
    match got {
        Ok(number) => assert_eq!(std::mem::replace(next, *next + 1), number),
        Err(RecvError::Lagged(missed)) => {
            assert!(missed > 0);
            *next += missed;
        }
        Err(RecvError::Disconnected) => return false,
    }
    true
}

fn by_waiting(mut receiver: broadcast::Receiver<u64>) -> u64 {
    let mut next = 0;
    while note(&mut next, receiver.recv()) {}
    next
}

fn by_select(mut receiver: broadcast::Receiver<u64>) -> u64 {
    let (_sender, nobody) = channel::bounded::<()>(0);
    let mut next = 0;
    loop {
        let goes_on = select! {
            recv(receiver) -> got => note(&mut next, got),
            recv(nobody) -> _ => unreachable!(),
        };
        if !goes_on {
            return next;
        }
    }
}

async fn by_future(mut receiver: broadcast::Receiver<u64>) -> u64 {
    let mut next = 0;
    while note(&mut next, receiver.recv_async().await) {}
    next
}

#[test]
fn each_receiver_gets_or_misses_each_message() {
    on_each_size(|| {
        for capacity in [1, 7, 5_000] {
            let (sender, receiver) = channel::broadcast(capacity);
            let (give, ends) = channel::unbounded();
            let executor = Executor::new(1);
            for kind in 0..8 {
                let (receiver, give) = (receiver.clone(), give.clone());
                match kind {
                    0 | 1 => drop(go!(move || give.send(by_waiting(receiver)))),
                    2 | 3 => drop(go!(move || give.send(by_select(receiver)))),
                    4 => drop(go!(move || give.send(block_on(by_future(receiver))))),
                    5 => drop(thread::spawn(move || give.send(by_waiting(receiver)))),
                    6 => drop(thread::spawn(move || give.send(by_select(receiver)))),
                    _ => executor.spawn(async move { give.send(by_future(receiver).await).unwrap() }),
                }
            }
            drop((receiver, give));
            let threads = executor.start();
            for number in 0..COUNT {
                assert!(sender.send(number).unwrap() <= 8);
                if number % 16 == 0 {
                    fiber::yield_now();
                }
            }
            drop(sender);
            assert_eq!(ends.iter().collect::<Vec<_>>(), [COUNT; 8]);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    });
}

#[test]
fn lag_is_counted_to_the_message() {
    let (sender, mut receiver) = channel::broadcast(3);
    let mut early = receiver.clone();
    for number in 0..10 {
        assert_eq!(sender.send(number), Ok(2));
    }
    assert_eq!(receiver.len(), 3);
    assert_eq!(receiver.recv(), Err(RecvError::Lagged(7)));
    assert_eq!((receiver.recv(), receiver.try_recv()), (Ok(7), Ok(8)));
    sender.send(10).unwrap();
    assert_eq!((receiver.recv(), receiver.recv()), (Ok(9), Ok(10)));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    assert_eq!(early.try_recv(), Err(TryRecvError::Lagged(8)));
    drop(sender);
    assert_eq!(receiver.recv(), Err(RecvError::Disconnected));
    assert_eq!(early.recv_timeout(Duration::ZERO), Ok(8));
}

#[test]
fn who_subscribes_gets_what_comes_after() {
    let (sender, receiver) = channel::broadcast(4);
    sender.send(1).unwrap();
    let mut late = sender.clone().subscribe();
    assert_eq!(sender.receiver_count(), 2);
    assert_eq!(late.try_recv(), Err(TryRecvError::Empty));
    drop(receiver);
    assert_eq!(sender.send(2), Ok(1));
    assert_eq!(late.try_recv(), Ok(2));
    drop(late);
    assert_eq!(sender.send(3), Err(SendError(3)));
    assert_eq!(sender.subscribe().try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn messages_are_dropped_when_nobody_can_have_them() {
    let counted = Arc::new(());
    let (sender, receiver) = channel::broadcast(2);
    for _ in 0..5 {
        sender.send(Arc::clone(&counted)).unwrap();
    }
    assert_eq!(Arc::strong_count(&counted), 3);
    drop(receiver);
    assert_eq!(Arc::strong_count(&counted), 1);
}

#[test]
fn an_arm_that_lost_has_taken_nothing() {
    on_each_size(|| {
        let (sender, mut receiver) = channel::broadcast(1_000);
        let (words, from_words) = channel::unbounded();
        for number in 0..500_u64 {
            sender.send(number).unwrap();
            words.send(number).unwrap();
        }
        let (mut numbers, mut others) = (0, 0);
        while numbers + others < 1_000 {
            select! {
                recv(receiver) -> got => { assert_eq!(got, Ok(numbers)); numbers += 1; }
                recv(from_words) -> got => { assert_eq!(got, Ok(others)); others += 1; }
            }
        }
        assert_eq!((numbers, others), (500, 500));
    });
}

/// A crowd larger than a batch of wakers, whose members come back while the others are still being told.
#[test]
fn a_crowd_is_told() {
    on_each_size(|| {
        let (sender, receiver) = channel::broadcast(4);
        let (done, ended) = channel::unbounded();
        for _ in 0..100 {
            let (mut receiver, done) = (receiver.clone(), done.clone());
            go! {
                for number in 0..20 {
                    assert_eq!(receiver.recv(), Ok(number));
                    done.send(()).unwrap();
                }
            };
        }
        for number in 0..20 {
            sender.send(number).unwrap();
            assert_eq!(ended.iter().take(100).count(), 100);
        }
    });
}
