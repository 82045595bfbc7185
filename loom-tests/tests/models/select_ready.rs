//! Who waits until something could be done is woken when it can be.
//!
//! Method: one looks at two channels until it has received a message from each, and sleeps in between; another sends them.

use loom_tests::{Bounds, Ledger, model, spawn, with_agent};
use sisal_sync::channel::{Select, bounded};

#[test]
fn holds() {
    model("select_ready", Bounds::new(3, 1_467), || {
        with_agent(|| {
            let ledger = Ledger::<2>::new();
            let (first, from_first) = bounded(1);
            let (second, from_second) = bounded(1);
            let other = {
                let ledger = ledger.clone();
                spawn(move || {
                    first.send(ledger.give(0)).unwrap();
                    second.send(ledger.give(1)).unwrap();
                    // Both stay connected until all is received: the end of a side would be a second wake-up.
                    (first, second)
                })
            };
            let mut select = Select::new();
            select.recv(&from_first);
            select.recv(&from_second);
            while ledger.taken() < 2 {
                let receiver = if select.ready() == 0 { &from_first } else { &from_second };
                ledger.take(receiver.try_recv().expect("ready, and nobody else receives"));
            }
            drop(other.join().unwrap());
            ledger.settle();
        });
    });
}
