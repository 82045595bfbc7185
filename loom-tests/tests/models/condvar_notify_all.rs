//! A notice to all reaches all, however many batches that takes.
//!
//! Method: three wait, more than a batch of wakers holds in a model. One execution in many has them all in line.

use loom_tests::{Bounds, Watched, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::{Condvar, Mutex};

#[test]
fn holds() {
    model("condvar_notify_all", Bounds::new(2, 45_184), || {
        with_agent(|| {
            let shared = Arc::new((Mutex::new(Watched::new()), Condvar::new()));
            let others = spawn_each(3, &shared, |(mutex, changed), _| {
                let mut guard = mutex.lock();
                while guard.get() == 0 {
                    changed.wait(&mut guard);
                }
            });
            shared.0.lock().add();
            assert!(shared.1.notify_all() <= 3);
            for other in others {
                other.join().unwrap();
            }
        });
    });
}
