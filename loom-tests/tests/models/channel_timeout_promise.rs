//! A receive that gives up, but was met by a select whose message is yet to come, waits for that message.
//!
//! Method: no buffer. A receiver that gives up as soon as it waits, and a select that sends: it meets the receiver first, and makes
//! the message and writes it into the receiver's frame later.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::bounded;
use sisal_sync::select;
use std::time::Duration;

#[test]
fn holds() {
    model("channel_timeout_promise", Bounds::new(3, 1_231), || {
        with_agent(|| {
            let ledger = Ledger::<1>::new();
            let (sender, receiver) = bounded(0);
            let hasty = {
                let ledger = ledger.clone();
                spawn(move || {
                    if let Ok(number) = receiver.recv_timeout(Duration::from_secs(1)) {
                        ledger.take(number);
                    }
                })
            };
            select! {
                send(sender, ledger.give(0)) -> sent => {
                    if let Err(error) = sent {
                        ledger.take(error.into_inner());
                    }
                }
            }
            hasty.join().unwrap();
            ledger.settle();
        });
    });
}
