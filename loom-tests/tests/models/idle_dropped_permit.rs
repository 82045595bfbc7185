//! A permit to search that is dropped without a second look leaves a debt, which the monitor's tick pays.
//!
//! Method: one worker drops its permit and is busy until the item has run, which the other has to do; somebody submits
//! meanwhile. The monitor ticks at any time, with an older debt to pay, and once more after both.

use loom::thread;
use loom_tests::{Bell, Bounds, Crew, Ledger, model};
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("idle_dropped_permit", Bounds::new(2, 81_000), || {
        let ledger = Ledger::<1>::new();
        let (crew, mut locals) = Crew::new(1);
        let shared = Arc::new((crew, Bell::new(), Bell::new()));
        let worker = {
            let (ledger, shared, own) = (ledger.clone(), shared.clone(), locals.pop().unwrap());
            thread::spawn(move || {
                let (crew, ran, _) = &*shared;
                ledger.take(crew.find(0, &own));
                ran.ring();
            })
        };
        let careless = {
            let shared = shared.clone();
            thread::spawn(move || {
                let (crew, ran, dropped) = &*shared;
                drop(crew.idle.try_search());
                dropped.ring();
                ran.sleep();
            })
        };
        let (crew, _, dropped) = &*shared;
        crew.idle.owe();
        crew.submit(ledger.give(0));
        crew.tick();
        dropped.sleep();
        crew.tick();
        careless.join().unwrap();
        worker.join().unwrap();
        ledger.settle();
    });
}
