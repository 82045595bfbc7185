//! A send that gives up has its message back, or the receiver has it: never both, never neither.
//!
//! Method: a sender without a buffer that gives up as soon as it waits, beside a receiver that looks twice and one that waits
//! until the sender is gone.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::{SendTimeoutError, bounded};
use std::time::Duration;

#[test]
fn holds() {
    model("channel_send_timeout", Bounds::new(4, 1979), || {
        with_agent(|| {
            let ledger = Ledger::<1>::new();
            let (sender, receiver) = bounded(0);
            let hasty = {
                let ledger = ledger.clone();
                spawn(move || match sender.send_timeout(ledger.give(0), Duration::from_secs(1)) {
                    Ok(()) => {}
                    Err(SendTimeoutError::Timeout(number) | SendTimeoutError::Disconnected(number)) => {
                        ledger.take(number);
                    }
                })
            };
            if let Ok(number) = receiver.try_recv() {
                ledger.take(number);
            }
            receiver.iter().for_each(|number| ledger.take(number));
            hasty.join().unwrap();
            ledger.settle();
        });
    });
}
