//! Each message of a broadcast reaches each receiver, however many batches of wakers that takes, and so does its end.
//!
//! Method: three receivers, more than a batch of wakers holds in a model; one message, then the only sender goes.

use loom_tests::{Bounds, model, spawn, with_agent};
use sisal_sync::channel::broadcast;
use sisal_sync::channel::broadcast::RecvError;

#[test]
fn holds() {
    model("broadcast_reaches_all", Bounds::new(2, 15_895), || {
        with_agent(|| {
            let (sender, receiver) = broadcast::broadcast(1);
            let receivers: Vec<_> = (0..3)
                .map(|_| {
                    let mut receiver = receiver.clone();
                    spawn(move || {
                        assert_eq!(receiver.recv(), Ok(7));
                        assert_eq!(receiver.recv(), Err(RecvError::Disconnected));
                    })
                })
                .collect();
            assert_eq!(sender.send(7), Ok(4));
            drop(sender);
            for receiver in receivers {
                receiver.join().unwrap();
            }
        });
    });
}
