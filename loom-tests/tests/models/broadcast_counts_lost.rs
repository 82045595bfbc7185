//! What a slow receiver of a broadcast has missed is counted: received and missed are what was sent, in order.
//!
//! Method: one receiver, three messages through a log of one.

use loom_tests::{Bounds, model, spawn, with_agent};
use sisal_sync::channel::broadcast;
use sisal_sync::channel::broadcast::RecvError;

#[test]
fn holds() {
    model("broadcast_counts_lost", Bounds::new(3, 560), || {
        with_agent(|| {
            let (sender, mut receiver) = broadcast::broadcast(1);
            let receives = spawn(move || {
                let mut next = 0;
                loop {
                    match receiver.recv() {
                        Ok(message) => {
                            assert_eq!(message, next);
                            next += 1;
                        }
                        Err(RecvError::Lagged(missed)) => next += missed,
                        Err(RecvError::Disconnected) => return next,
                    }
                }
            });
            (0..3).for_each(|message| assert_eq!(sender.send(message), Ok(1)));
            drop(sender);
            assert_eq!(receives.join().unwrap(), 3);
        });
    });
}
