//! What is submitted from outside is taken once, by one of the workers, who sees what its submitter did.
//!
//! Method: two workers that may sleep take an item each, while a third thread submits both. The injector is the stand-in
//! that promises less than crossbeam's (`src/crew.rs`).

use loom::thread;
use loom_tests::{Bounds, Crew, Ledger, model};
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("injector_hand_off", Bounds::new(1, 17_342), || {
        let ledger = Ledger::<2>::new();
        let (crew, locals) = Crew::new(2);
        let crew = Arc::new(crew);
        let workers: Vec<_> = locals
            .into_iter()
            .enumerate()
            .map(|(me, own)| {
                let (ledger, crew) = (ledger.clone(), crew.clone());
                thread::spawn(move || ledger.take(crew.find(me, &own)))
            })
            .collect();
        (0..2).for_each(|item| crew.submit(ledger.give(item)));
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        ledger.settle();
        assert!(!crew.idle.somebody_sleeps());
    });
}
