//! A future that was told of a message and is dropped tells the next, which receives it.
//!
//! Method: a future that stands in front is dropped while a message is sent, for which another one waits.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_park::block_on;
use sisal_sync::channel::bounded;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

/// Polls once, and finds nothing.
pub(super) fn begin<F: Future>(future: Pin<&mut F>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn holds() {
    model("future_drops_message", Bounds::new(3, 748), || {
        with_agent(|| {
            let ledger = Ledger::<1>::new();
            let (sender, receiver) = bounded(1);
            let mut hasty = Box::pin(receiver.recv_async());
            begin(hasty.as_mut());
            let patient = {
                let (ledger, receiver) = (ledger.clone(), receiver.clone());
                spawn(move || ledger.take(block_on(receiver.recv_async()).unwrap()))
            };
            let giver = {
                let (ledger, sender) = (ledger.clone(), sender.clone());
                spawn(move || sender.send(ledger.give(0)).unwrap())
            };
            drop(hasty);
            giver.join().unwrap();
            patient.join().unwrap();
            ledger.settle();
        });
    });
}
