//! Goal: who waits first is served first. Method: threads begin to wait one after the other, each some time after the one before,
//! and are then served one by one. A busy machine may let one come late all the same, so there are several attempts, with more and
//! more time; were the order another, all would fail.

use sisal_sync::channel::{bounded, unbounded};
use std::thread;
use std::time::Duration;

const WAITERS: u32 = 5;
const ATTEMPTS: u32 = 6;

fn in_some_attempt(is_in_order: impl Fn(Duration) -> bool) {
    assert!((0..ATTEMPTS).any(|attempt| is_in_order(Duration::from_millis(2 << attempt))));
}

#[test]
fn of_receivers() {
    in_some_attempt(|time| {
        let (sender, receiver) = unbounded();
        thread::scope(|scope| {
            let receives: Vec<_> = (0..WAITERS)
                .map(|n| {
                    let receiver = receiver.clone();
                    let waiting = scope.spawn(move || receiver.recv() == Ok(n));
                    thread::sleep(time);
                    waiting
                })
                .collect();
            (0..WAITERS).for_each(|n| sender.send(n).unwrap());
            let got_own = receives.into_iter().map(|receive| receive.join().unwrap());
            got_own.filter(|&is_own| is_own).count() == WAITERS as usize
        })
    });
}

#[test]
fn of_senders() {
    for capacity in [0, 1] {
        in_some_attempt(|time| {
            let (sender, receiver) = bounded(capacity);
            thread::scope(|scope| {
                for n in 0..WAITERS {
                    let sender = sender.clone();
                    scope.spawn(move || sender.send(n).unwrap());
                    thread::sleep(time);
                }
                let got: Vec<_> = receiver.iter().take(WAITERS as usize).collect();
                got.into_iter().eq(0..WAITERS)
            })
        });
    }
}

#[test]
fn of_messages() {
    for (sender, receiver) in [bounded(3), unbounded()] {
        let got = thread::scope(|scope| {
            scope.spawn(move || (0..1_000).for_each(|n| sender.send(n).unwrap()));
            receiver.iter().collect::<Vec<_>>()
        });
        assert!(got.into_iter().eq(0..1_000));
    }
}
