//! A wake-up that was skipped is made up for by the monitor's next tick.
//!
//! Method: a worker, a submitter that wakes nobody and owes it, and a monitor that ticks at any time and once more after
//! the submitter is done.

use loom::thread;
use loom_tests::{Bell, Bounds, Crew, Ledger, model};
use sisal_base::sync::Arc;
use sisal_queue::Inject;

#[test]
fn holds() {
    model("idle_owed", Bounds::new(3, 19_000), || {
        let ledger = Ledger::<2>::new();
        let (crew, mut locals) = Crew::new(1);
        let shared = Arc::new((crew, Bell::new()));
        let worker = {
            let (ledger, shared, own) = (ledger.clone(), shared.clone(), locals.pop().unwrap());
            thread::spawn(move || (0..2).for_each(|_| ledger.take(shared.0.find(0, &own))))
        };
        let monitor = {
            let shared = shared.clone();
            thread::spawn(move || {
                let (crew, submitted) = &*shared;
                crew.tick();
                submitted.sleep();
                crew.tick();
            })
        };
        let (crew, submitted) = &*shared;
        for item in 0..2 {
            crew.injector.push(ledger.give(item));
            if crew.idle.somebody_sleeps() {
                crew.idle.owe();
            }
        }
        submitted.ring();
        monitor.join().unwrap();
        worker.join().unwrap();
        ledger.settle();
    });
}
