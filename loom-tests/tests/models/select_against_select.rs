//! Two selects that can meet in two ways meet in one, and both know which.
//!
//! Method: two channels without a buffer; one select sends into the first or receives from the second, the other one the other
//! way round. Both do the same arm's two ends.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::{Receiver, Sender, bounded};
use sisal_sync::select;
use std::sync::Arc;

#[test]
fn holds() {
    model("select_against_select", Bounds::new(3, 7_132), || {
        with_agent(|| {
            let ledger = Ledger::<2>::new();
            let (to_other, from_us) = bounded(0);
            let (to_us, from_other) = bounded(0);
            let other = {
                let ledger = ledger.clone();
                spawn(move || exchange(&ledger, 1, &to_us, &from_us))
            };
            let received = exchange(&ledger, 0, &to_other, &from_other);
            assert_ne!(received, other.join().unwrap(), "one sends and the other receives");
            assert_eq!(ledger.taken(), 1);
        });
    });
}

/// Whether it received.
fn exchange(ledger: &Arc<Ledger<2>>, own: usize, out: &Sender<usize>, inward: &Receiver<usize>) -> bool {
    select! {
        send(out, ledger.give(own)) -> sent => {
            sent.unwrap();
            false
        }
        recv(inward) -> number => {
            ledger.take(number.unwrap());
            true
        }
    }
}
