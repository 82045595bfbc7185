//! A notice that comes while a wait begins is not lost: the waiter stands in line before its mutex is unlocked.
//!
//! Method: one waits for a change, one changes and notifies. If the notice is lost, the first one never ends.

use loom_tests::{Bounds, Watched, model, spawn, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::{Condvar, Mutex};

#[test]
fn holds() {
    model("condvar_no_lost_notice", Bounds::new(4, 2814), || {
        with_agent(|| {
            let shared = Arc::new((Mutex::new(Watched::new()), Condvar::new()));
            let other = {
                let shared = shared.clone();
                spawn(move || {
                    shared.0.lock().add();
                    shared.1.notify_one();
                })
            };
            let mut guard = shared.0.lock();
            while guard.get() == 0 {
                shared.1.wait(&mut guard);
            }
            drop(guard);
            other.join().unwrap();
        });
    });
}
