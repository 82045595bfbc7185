//! What is submitted from outside is taken once, by one of the workers, who sees what its submitter did.
//!
//! Method: a thread submits two items and then takes one, as a worker does that spawns for another runtime and then looks for
//! work; a second worker, which may sleep by then, takes the other. The injector is the stand-in that promises less than
//! crossbeam's (`src/crew.rs`).

use loom::thread;
use loom_tests::{Bounds, Crew, Ledger, model};
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("injector_hand_off", Bounds::new(2, 8_681), || {
        let ledger = Ledger::<2>::new();
        let (crew, mut locals) = Crew::new(2);
        let (crew, second) = (Arc::new(crew), locals.pop().unwrap());
        let other = {
            let (ledger, crew) = (ledger.clone(), crew.clone());
            thread::spawn(move || ledger.take(crew.find(1, &second)))
        };
        (0..2).for_each(|item| crew.submit(ledger.give(item)));
        ledger.take(crew.find(0, &locals[0]));
        other.join().unwrap();
        ledger.settle();
        assert!(!crew.idle.somebody_sleeps());
    });
}
