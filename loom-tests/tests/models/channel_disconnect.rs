//! The end of one side ends all waits of the other, however many batches that takes, and no message is lost before it.
//!
//! Method: three receivers, more than a batch of wakers holds in a model; one message, then the last sender goes.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::bounded;

#[test]
fn holds() {
    model("channel_disconnect", Bounds::new(2, 9682), || {
        with_agent(|| {
            let ledger = Ledger::<1>::new();
            let (sender, receiver) = bounded(1);
            let receivers: Vec<_> = (0..3)
                .map(|_| {
                    let (ledger, receiver) = (ledger.clone(), receiver.clone());
                    spawn(move || receiver.iter().for_each(|number| ledger.take(number)))
                })
                .collect();
            sender.send(ledger.give(0)).unwrap();
            drop(sender);
            for receiver in receivers {
                receiver.join().unwrap();
            }
            ledger.settle();
        });
    });
}
