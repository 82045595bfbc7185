//! A future that was told of room and is dropped tells the next, which sends.
//!
//! Method: a future that stands in front is dropped while a message is received from a full channel, for whose place another
//! one waits.

use super::future_drops_message::begin;
use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_park::block_on;
use sisal_sync::channel::bounded;

#[test]
fn holds() {
    model("future_drops_room", Bounds::new(3, 654), || {
        with_agent(|| {
            let ledger = Ledger::<2>::new();
            let (sender, receiver) = bounded(1);
            sender.send(ledger.give(0)).unwrap();
            let mut hasty = Box::pin(sender.send_async(7));
            begin(hasty.as_mut());
            let patient = {
                let (ledger, sender) = (ledger.clone(), sender.clone());
                spawn(move || block_on(sender.send_async(ledger.give(1))).unwrap())
            };
            let taker = {
                let (ledger, receiver) = (ledger.clone(), receiver.clone());
                spawn(move || ledger.take(receiver.recv().unwrap()))
            };
            drop(hasty);
            taker.join().unwrap();
            patient.join().unwrap();
            receiver.try_iter().for_each(|number| ledger.take(number));
            ledger.settle();
        });
    });
}
