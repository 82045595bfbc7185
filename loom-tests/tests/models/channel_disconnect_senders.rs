//! A sender that waits when the last receiver goes gets its message back; what was received was received once.
//!
//! Method: no buffer, two senders, one receiver that takes at most one message and goes.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::bounded;

#[test]
fn holds() {
    model("channel_disconnect_senders", Bounds::new(3, 18_360), || {
        with_agent(|| {
            let ledger = Ledger::<2>::new();
            let (sender, receiver) = bounded(0);
            let senders: Vec<_> = (0..2)
                .map(|number| {
                    let (ledger, sender) = (ledger.clone(), sender.clone());
                    spawn(move || {
                        if let Err(error) = sender.send(ledger.give(number)) {
                            ledger.take(error.into_inner());
                        }
                    })
                })
                .collect();
            ledger.take(receiver.recv().unwrap());
            drop(receiver);
            for sender in senders {
                sender.join().unwrap();
            }
            ledger.settle();
        });
    });
}
