//! A select that gives up has done nothing, or what was done for it at the same moment.
//!
//! Method: a select over two channels that gives up as soon as it waits, and a sender into one of them. The message is found, with
//! the select or in the channel.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::bounded;
use sisal_sync::select;
use std::time::Duration;

#[test]
fn holds() {
    model("select_timeout", Bounds::new(3, 1_879), || {
        with_agent(|| {
            let ledger = Ledger::<1>::new();
            let (sender, receiver) = bounded(1);
            let (_idle, silent) = bounded::<usize>(1);
            let other = {
                let ledger = ledger.clone();
                spawn(move || sender.send(ledger.give(0)).unwrap())
            };
            select! {
                recv(receiver) -> number => ledger.take(number.unwrap()),
                recv(silent) -> _ => unreachable!("nobody sends there"),
                default(Duration::from_secs(1)) => {}
            }
            receiver.iter().for_each(|number| ledger.take(number));
            other.join().unwrap();
            ledger.settle();
        });
    });
}
