//! A notice to all reaches all, however many batches that takes.
//!
//! Method: three fibers, more than a batch of wakers holds in a model, and a thread that may be in line or not.

use loom_tests::{Bounds, Fiber, Watched, model, spawn, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::{Condvar, Mutex};

#[test]
fn holds() {
    model("condvar_notify_all", Bounds::new(3, 21_315), || {
        with_agent(|| {
            let shared = Arc::new((Mutex::new(Watched::new()), Condvar::new()));
            let fibers: Vec<_> = (0..3)
                .map(|_| {
                    let shared = shared.clone();
                    Fiber::new(move || wait(&shared))
                })
                .collect();
            fibers.iter().for_each(|fiber| fiber.run());
            let other = {
                let shared = shared.clone();
                spawn(move || wait(&shared))
            };
            shared.0.lock().add();
            assert!(shared.1.notify_all() >= 3);
            other.join().unwrap();
            fibers.iter().for_each(|fiber| fiber.join());
        });
    });
}

fn wait((mutex, changed): &(Mutex<Watched>, Condvar)) {
    let mut guard = mutex.lock();
    while guard.get() == 0 {
        changed.wait(&mut guard);
    }
}
