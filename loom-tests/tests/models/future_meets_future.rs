//! Without a buffer, a future that sends and one that receives find each other, whichever comes first.
//!
//! Method: one of each, beside a third that begins to receive and is dropped.

use super::future_drops_message::begin;
use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_park::block_on;
use sisal_sync::channel::bounded;

#[test]
fn holds() {
    model("future_meets_future", Bounds::new(3, 4_188), || {
        with_agent(|| {
            let ledger = Ledger::<1>::new();
            let (sender, receiver) = bounded(0);
            let mut hasty = Box::pin(receiver.recv_async());
            begin(hasty.as_mut());
            let giver = {
                let ledger = ledger.clone();
                spawn(move || block_on(sender.send_async(ledger.give(0))).unwrap())
            };
            let taker = {
                let (ledger, receiver) = (ledger.clone(), receiver.clone());
                spawn(move || ledger.take(block_on(receiver.recv_async()).unwrap()))
            };
            drop(hasty);
            giver.join().unwrap();
            taker.join().unwrap();
            ledger.settle();
        });
    });
}
