//! A fiber that joins another has left nothing of its own behind when it ends, however early it looks again; and who joins another's
//! fiber sees what that did.
//!
//! Method: one thread runs the child, another the fiber that joins it, which it also wakes in vain. Whoever is last runs it to its end,
//! and its record ends there.

use loom_tests::{Bounds, Fiber, Watched, model, spawn, with_agent};
use sisal_base::sync::Arc;
use sisal_park::Agent;

#[test]
fn holds() {
    model("fiber_joins_fiber", Bounds::new(3, 2833), || {
        with_agent(|| {
            let shared = Arc::new(Watched::new());
            let child = {
                let shared = shared.clone();
                Fiber::new(move || shared.add())
            };
            let joiner = {
                let (child, shared) = (child.clone(), shared.clone());
                Fiber::new(move || {
                    child.join();
                    assert_eq!(shared.get(), 1);
                })
            };
            let waker = joiner.waker();
            let other = spawn(move || child.run());
            joiner.detach();
            joiner.run();
            waker.wake();
            other.join().unwrap();
        });
    });
}
