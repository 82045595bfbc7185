//! Who joins a real fiber waits for its end, sees what it did, and frees its record with the fiber's and its wakers' references
//! gone, whoever is last.
//!
//! Method: a fiber that parks once. One thread joins it, another one wakes it, and so runs it to its end.

use loom_tests::{Bounds, Fiber, Watched, model, spawn, with_agent};
use sisal_base::sync::Arc;
use sisal_base::sync::atomic::{AtomicBool, Ordering};
use sisal_park::{Agent, Cancellable, Reason, with_current};

#[test]
fn holds() {
    model("fiber_is_joined", Bounds::new(4, 978), || {
        with_agent(|| {
            let shared = Arc::new((AtomicBool::new(false), Watched::new()));
            let fiber = {
                let shared = shared.clone();
                Fiber::new(move || {
                    while !shared.0.load(Ordering::Relaxed) {
                        let _ = with_current(|agent| agent.park(None, Reason::Park, Cancellable::Never));
                    }
                    shared.1.add();
                })
            };
            fiber.run();
            let other = {
                let (shared, waker) = (shared.clone(), fiber.waker());
                spawn(move || {
                    shared.0.store(true, Ordering::Relaxed);
                    waker.wake();
                })
            };
            fiber.join();
            assert_eq!(shared.1.get(), 1);
            other.join().unwrap();
        });
    });
}
