//! Who has lost to a newcomer once is not passed again: the lock is handed over to it.
//!
//! Method: a waiter, and a holder that unlocks and at once tries again, twice. Whoever parks a second time was called once
//! and came too late; from then on an unlock that is followed by a successful `try_lock` must have had its section between.

use loom_tests::{Bounds, Watched, model, spawn_seen, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::Mutex;

#[test]
fn holds() {
    model("mutex_hand_over", Bounds::new(3, 25_524), || {
        with_agent(|| {
            let mutex = Arc::new(Mutex::new(Watched::new()));
            let mut guard = mutex.lock();
            let (waiter, parks) = {
                let mutex = mutex.clone();
                spawn_seen(move || mutex.lock().add())
            };
            for _ in 0..2 {
                let waits_again = parks.begun() == 2;
                drop(guard);
                guard = match mutex.try_lock() {
                    Some(guard) => guard,
                    None => mutex.lock(),
                };
                assert!(!waits_again || guard.get() == 1, "passed twice");
            }
            drop(guard);
            waiter.join().unwrap();
            assert_eq!(mutex.lock().get(), 1);
        });
    });
}
