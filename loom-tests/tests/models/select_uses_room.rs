//! Room that was kept for a select's message, which then goes to a receiver that waits, goes on to a sender that waits.
//!
//! Method: room for one. A select and a sender send, a receiver takes one message and the select's agent the other.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::bounded;
use sisal_sync::select;

#[test]
fn holds() {
    model("select_uses_room", Bounds::new(3, 4_295), || {
        with_agent(|| {
            let ledger = Ledger::<2>::new();
            let (sender, receiver) = bounded(1);
            let other_sender = {
                let (ledger, sender) = (ledger.clone(), sender.clone());
                spawn(move || sender.send(ledger.give(1)).unwrap())
            };
            let other_receiver = {
                let (ledger, receiver) = (ledger.clone(), receiver.clone());
                spawn(move || ledger.take(receiver.recv().unwrap()))
            };
            select! {
                send(sender, ledger.give(0)) -> sent => sent.unwrap(),
            }
            ledger.take(receiver.recv().unwrap());
            other_sender.join().unwrap();
            other_receiver.join().unwrap();
            ledger.settle();
        });
    });
}
