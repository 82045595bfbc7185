//! Channels between fibers, threads and both: nothing lost, nothing doubled, in order for each producer.

mod common;

use common::{on_each_size, some};
use sisal::channel::{self, Receiver, Sender};
use sisal::{fiber, go};
use std::thread;

const PRODUCERS: u64 = 4;
/// Of each producer.
fn messages() -> u64 {
    some(250, 10)
}

/// Sends a ledger of (producer, number) for each producer; `take` checks it.
fn produce(producer: u64, sender: &Sender<Message>) {
    for number in 0..messages() {
        sender.send((producer, number)).unwrap();
    }
}

/// Receives all, and checks that each producer's numbers only rise.
fn take(receiver: &Receiver<Message>) -> u64 {
    let mut next = [0; PRODUCERS as usize];
    let mut count = 0;
    for (producer, number) in receiver {
        assert!(number >= next[producer as usize], "reordered");
        next[producer as usize] = number + 1;
        count += 1;
    }
    count
}

type Message = (u64, u64);

fn flavours() -> Vec<(Sender<Message>, Receiver<Message>)> {
    vec![channel::bounded(0), channel::bounded(1), channel::bounded(7), channel::unbounded()]
}

#[test]
fn among_fibers() {
    on_each_size(|| {
        for (sender, receiver) in flavours() {
            let consumers: Vec<_> = (0..3)
                .map(|_| {
                    let receiver = receiver.clone();
                    go!(move || take(&receiver))
                })
                .collect();
            drop(receiver);
            for producer in 0..PRODUCERS {
                let sender = sender.clone();
                go!(move || produce(producer, &sender));
            }
            drop(sender);
            let total: u64 = consumers.into_iter().map(|consumer| consumer.join().unwrap()).sum();
            assert_eq!(total, PRODUCERS * messages());
        }
    });
}

#[test]
fn between_fibers_and_threads() {
    on_each_size(|| {
        for (sender, receiver) in flavours() {
            let threads: Vec<_> = (0..2)
                .map(|producer| {
                    let sender = sender.clone();
                    thread::spawn(move || produce(producer, &sender))
                })
                .collect();
            for producer in 2..PRODUCERS {
                let sender = sender.clone();
                go!(move || produce(producer, &sender));
            }
            drop(sender);
            let consumer = {
                let receiver = receiver.clone();
                thread::spawn(move || take(&receiver))
            };
            let own = take(&receiver);
            let theirs = sisal::blocking(|| consumer.join().unwrap());
            assert_eq!(own + theirs, PRODUCERS * messages());
            sisal::blocking(|| threads.into_iter().for_each(|thread| thread.join().unwrap()));
        }
    });
}

#[test]
fn a_disconnect_wakes_all_who_wait() {
    on_each_size(|| {
        let (sender, receiver) = channel::bounded::<u8>(1);
        let receivers: Vec<_> = (0..40)
            .map(|_| {
                let receiver = receiver.clone();
                go!(move || receiver.recv().is_err())
            })
            .collect();
        fiber::yield_now();
        drop(sender);
        assert!(receivers.into_iter().all(|receiver| receiver.join().unwrap()));

        let (sender, receiver) = channel::bounded::<u8>(0);
        let senders: Vec<_> = (0..40)
            .map(|n| {
                let sender = sender.clone();
                go!(move || sender.send(n).map_err(|error| error.into_inner()) == Err(n))
            })
            .collect();
        fiber::yield_now();
        drop(receiver);
        assert!(senders.into_iter().all(|sender| sender.join().unwrap()));
    });
}

common::in_simulations! {
    among_fibers,
    a_disconnect_wakes_all_who_wait,
}
