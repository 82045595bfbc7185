//! A permit that `wake_one` takes for a sleeper and must give back is not relied upon in vain.
//!
//! Method: one worker and two submitters, one of which also wakes the worker for no reason, so that the other finds nobody
//! asleep after having taken the permit.

use loom::thread;
use loom_tests::{Bounds, Crew, Ledger, model};
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("idle_phantom", Bounds::new(2, 23_000), || {
        let ledger = Ledger::<2>::new();
        let (crew, mut locals) = Crew::new(1);
        let crew = Arc::new(crew);
        let worker = {
            let (ledger, crew, own) = (ledger.clone(), crew.clone(), locals.pop().unwrap());
            thread::spawn(move || (0..2).for_each(|_| ledger.take(crew.find(0, &own))))
        };
        let other = {
            let (ledger, crew) = (ledger.clone(), crew.clone());
            thread::spawn(move || {
                crew.wake(0);
                crew.submit(ledger.give(1));
            })
        };
        crew.submit(ledger.give(0));
        other.join().unwrap();
        worker.join().unwrap();
        ledger.settle();
    });
}
