//! A bounded channel loses and doubles nothing, keeps each sender's order, and wakes whom a message or a place makes able.
//!
//! Method: room for one. Two messages from one sender and one from another, so that senders wait, and a receiver that waits.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::bounded;

#[test]
fn holds() {
    model("channel_array", Bounds::new(2, 10_188), || {
        with_agent(|| {
            let ledger = Ledger::<3>::new();
            let (sender, receiver) = bounded(1);
            let senders: Vec<_> = [0..2, 2..3]
                .into_iter()
                .map(|numbers| {
                    let (ledger, sender) = (ledger.clone(), sender.clone());
                    spawn(move || numbers.for_each(|number| sender.send(ledger.give(number)).unwrap()))
                })
                .collect();
            drop(sender);
            let received: Vec<usize> = receiver.iter().inspect(|&number| ledger.take(number)).collect();
            assert!(received.iter().position(|&n| n == 0) < received.iter().position(|&n| n == 1));
            for sender in senders {
                sender.join().unwrap();
            }
            ledger.settle();
        });
    });
}
