//! In a channel without a buffer each message is handed over while both are there: a send returns once it was received.
//!
//! Method: two senders and one receiver. Each sender looks afterwards whether its message was taken.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::bounded;

#[test]
fn holds() {
    model("channel_rendezvous", Bounds::new(3, 29_545), || {
        with_agent(|| {
            let ledger = Ledger::<2>::new();
            let (sender, receiver) = bounded(0);
            let senders: Vec<_> = (0..2)
                .map(|number| {
                    let (ledger, sender) = (ledger.clone(), sender.clone());
                    spawn(move || sender.send(ledger.give(number)).unwrap())
                })
                .collect();
            for _ in 0..2 {
                ledger.take(receiver.recv().unwrap());
            }
            for sender in senders {
                sender.join().unwrap();
            }
            ledger.settle();
        });
    });
}
