//! Of two messages that come for one select, one is taken and the other one stays where it is.
//!
//! Method: one select over two channels, and a sender for each. What the select did not take is in its channel afterwards.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::bounded;
use sisal_sync::select;

#[test]
fn holds() {
    model("select_two_senders", Bounds::new(3, 20_313), || {
        with_agent(|| {
            let ledger = Ledger::<2>::new();
            let (senders, receivers): (Vec<_>, Vec<_>) = (0..2).map(|_| bounded(1)).unzip();
            let senders: Vec<_> = senders
                .into_iter()
                .enumerate()
                .map(|(number, sender)| {
                    let ledger = ledger.clone();
                    spawn(move || sender.send(ledger.give(number)).unwrap())
                })
                .collect();
            let selected = select! {
                recv(receivers[0]) -> number => number.unwrap(),
                recv(receivers[1]) -> number => number.unwrap(),
            };
            ledger.take(selected);
            ledger.take(receivers[1 - selected].recv().unwrap());
            for sender in senders {
                sender.join().unwrap();
            }
            ledger.settle();
        });
    });
}
