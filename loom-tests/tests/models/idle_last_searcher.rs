//! The last searcher that finds something wakes the next: one that submits while somebody searches wakes nobody.
//!
//! Method: two workers and a submitter. Item 0, there from the start, is busy until item 1 has run, so both workers
//! are needed.

use loom::thread;
use loom_tests::{Bell, Bounds, Crew, Ledger, model};
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("idle_last_searcher", Bounds::new(2, 7_800), || {
        let ledger = Ledger::<2>::new();
        let (crew, locals) = Crew::new(2);
        crew.submit(ledger.give(0));
        let shared = Arc::new((crew, Bell::new()));
        let workers: Vec<_> = locals
            .into_iter()
            .enumerate()
            .map(|(me, own)| {
                let (ledger, shared) = (ledger.clone(), shared.clone());
                thread::spawn(move || {
                    let (crew, ran) = &*shared;
                    let item = crew.find(me, &own);
                    ledger.take(item);
                    if item == 0 { ran.sleep() } else { ran.ring() }
                })
            })
            .collect();
        shared.0.submit(ledger.give(1));
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        ledger.settle();
    });
}
