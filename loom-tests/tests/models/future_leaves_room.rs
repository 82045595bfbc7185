//! A future that was told of room, and gives its message to a receiver that has come since, tells the next of the room.
//!
//! Method: two futures wait to send into a full channel, from which one receives twice. It may come for the second message
//! before or after the first future has looked.

use super::future_drops_message::begin;
use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_park::block_on;
use sisal_sync::channel::bounded;

#[test]
fn holds() {
    model("future_leaves_room", Bounds::new(2, 7_237), || {
        with_agent(|| {
            let ledger = Ledger::<3>::new();
            let (sender, receiver) = bounded(1);
            sender.send(ledger.give(0)).unwrap();
            let mut first = Box::pin(sender.send_async(ledger.give(1)));
            begin(first.as_mut());
            let second = {
                let (ledger, sender) = (ledger.clone(), sender.clone());
                spawn(move || block_on(sender.send_async(ledger.give(2))).unwrap())
            };
            let taker = {
                let (ledger, receiver) = (ledger.clone(), receiver.clone());
                spawn(move || (0..2).for_each(|_| ledger.take(receiver.recv().unwrap())))
            };
            block_on(first).unwrap();
            taker.join().unwrap();
            second.join().unwrap();
            receiver.try_iter().for_each(|number| ledger.take(number));
            ledger.settle();
        });
    });
}
