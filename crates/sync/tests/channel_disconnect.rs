//! Goal: the end of one side ends all waits of the other, and senders get their messages back. Method: more waiters of each kind
//! than are woken in one go.

use sisal_sync::channel::{Receiver, Sender, bounded};
use sisal_sync::select;
use std::thread;
use std::time::Duration;

const WAITERS: u32 = 40;
const A_WHILE: Duration = Duration::from_millis(5);

fn receivers_end(recv: fn(&Receiver<u32>) -> bool) {
    for capacity in [Some(0), Some(1), None] {
        let (sender, receiver) = capacity.map_or_else(sisal_sync::channel::unbounded, bounded);
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..WAITERS).map(|_| scope.spawn(|| recv(&receiver))).collect();
            thread::sleep(A_WHILE);
            drop(sender);
            assert!(waiting.into_iter().all(|waiting| !waiting.join().unwrap()));
        });
    }
}

fn senders_end(send: fn(&Sender<u32>, u32) -> Option<u32>) {
    for capacity in [0, 1] {
        let (sender, receiver) = bounded(capacity);
        (0..capacity).for_each(|_| sender.send(0).unwrap());
        thread::scope(|scope| {
            let sender = &sender;
            let waiting: Vec<_> = (0..WAITERS).map(|n| scope.spawn(move || send(sender, n))).collect();
            thread::sleep(A_WHILE);
            drop(receiver);
            for (n, waiting) in (0..).zip(waiting) {
                assert_eq!(waiting.join().unwrap(), Some(n));
            }
        });
    }
}

#[test]
fn of_senders() {
    receivers_end(|receiver| receiver.recv().is_ok());
}

#[test]
fn of_senders_under_selects() {
    receivers_end(|receiver| {
        select! {
            recv(receiver) -> message => message.is_ok(),
            recv(receiver) -> message => message.is_ok(),
        }
    });
}

#[test]
fn of_receivers() {
    senders_end(|sender, n| sender.send(n).err().map(|error| error.into_inner()));
}

#[test]
fn of_receivers_under_selects() {
    senders_end(|sender, n| {
        select! {
            send(sender, n) -> sent => sent.err().map(|error| error.into_inner()),
            send(sender, n) -> sent => sent.err().map(|error| error.into_inner()),
        }
    });
}
