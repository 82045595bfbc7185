//! What is submitted to a worker that goes to sleep is run.
//!
//! Method: two threads, two items through the injector's stand-in. A lost wake-up leaves all threads blocked.

use loom::thread;
use loom_tests::{Bounds, Crew, Ledger, model};
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("idle_no_lost_wake_up", Bounds::new(4, 21_000), || {
        let ledger = Ledger::<2>::new();
        let (crew, locals) = Crew::new(1);
        let crew = Arc::new(crew);
        let submitter = {
            let (ledger, crew) = (ledger.clone(), crew.clone());
            thread::spawn(move || (0..2).for_each(|item| crew.submit(ledger.give(item))))
        };
        for _ in 0..2 {
            ledger.take(crew.find(0, &locals[0]));
        }
        submitter.join().unwrap();
        ledger.settle();
        assert!(
            !crew.idle.somebody_sleeps() && crew.idle.try_search().is_some(),
            "all are awake, nobody searches"
        );
    });
}
