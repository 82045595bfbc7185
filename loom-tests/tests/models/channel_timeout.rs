//! A receive that gives up has taken nothing; if its message came at the same moment, it has taken that.
//!
//! Method: a receiver that gives up as soon as it waits, beside a sender that sends two messages, the second one into
//! whatever the first one left. All are found: with the receiver, or in the channel.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::bounded;
use std::time::Duration;

#[test]
fn holds() {
    model("channel_timeout", Bounds::unbounded(72), || {
        with_agent(|| {
            let ledger = Ledger::<2>::new();
            let (sender, receiver) = bounded(2);
            let hasty = {
                let (ledger, receiver) = (ledger.clone(), receiver.clone());
                spawn(move || receiver.recv_timeout(Duration::from_secs(1)).map(|number| ledger.take(number)))
            };
            for number in 0..2 {
                sender.send(ledger.give(number)).unwrap();
            }
            let _ = hasty.join().unwrap();
            receiver.try_iter().for_each(|number| ledger.take(number));
            ledger.settle();
        });
    });
}
