//! Work conservation: what a busy worker has pushed is stolen and run by another, that may have been asleep.
//!
//! Method: two workers. The first pushes an item into its own queue, and then is busy until the item has run.

use loom::thread;
use loom_tests::{Bell, Bounds, Crew, Ledger, model};
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("idle_pushed_work_is_stolen", Bounds::new(5, 9_000), || {
        let ledger = Ledger::<1>::new();
        let (crew, mut locals) = Crew::new(2);
        let shared = Arc::new((crew, Bell::new()));
        let second = {
            let (ledger, shared, own) = (ledger.clone(), shared.clone(), locals.pop().unwrap());
            thread::spawn(move || {
                let (crew, ran) = &*shared;
                ledger.take(crew.find(1, &own));
                ran.ring();
            })
        };
        let (crew, ran) = &*shared;
        locals[0].push(ledger.give(0)).unwrap();
        crew.wake_one();
        ran.sleep();
        second.join().unwrap();
        ledger.settle();
    });
}
