//! Who wants many permits and waits is not passed by who wants few.
//!
//! Method: one of two permits is taken. An agent looks whether the one that wants both has parked, which it does in line only,
//! and then tries to get the other one.

use loom_tests::{Bounds, Watched, model, spawn_seen, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::Semaphore;

#[test]
fn holds() {
    model("semaphore_is_not_passed", Bounds::new(3, 197), || {
        with_agent(|| {
            let shared = Arc::new((Semaphore::new(2), Watched::new()));
            let one = shared.0.acquire();
            let (many, parks) = {
                let shared = shared.clone();
                spawn_seen(move || {
                    let _permits = shared.0.acquire_many(2);
                    shared.1.add();
                })
            };
            if parks.begun() > 0 {
                assert!(shared.0.try_acquire().is_none(), "passed one that waits for more");
            }
            drop(one);
            many.join().unwrap();
            assert_eq!(shared.0.available(), 2);
            let _permits = shared.0.acquire_many(2);
            assert_eq!(shared.1.get(), 1);
        });
    });
}
