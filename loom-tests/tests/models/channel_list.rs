//! An unbounded channel loses and doubles nothing, and a message to a receiver that waits is handed to it.
//!
//! Method: two senders, two receivers that take one message each and may have to wait.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::unbounded;

#[test]
fn holds() {
    model("channel_list", Bounds::new(3, 6_762), || {
        with_agent(|| {
            let ledger = Ledger::<2>::new();
            let (sender, receiver) = unbounded();
            let other_receiver = {
                let (ledger, receiver) = (ledger.clone(), receiver.clone());
                spawn(move || ledger.take(receiver.recv().unwrap()))
            };
            let other_sender = {
                let (ledger, sender) = (ledger.clone(), sender.clone());
                spawn(move || sender.send(ledger.give(1)).unwrap())
            };
            sender.send(ledger.give(0)).unwrap();
            ledger.take(receiver.recv().unwrap());
            other_receiver.join().unwrap();
            other_sender.join().unwrap();
            ledger.settle();
            assert!(receiver.try_recv().unwrap_err().is_empty());
        });
    });
}
