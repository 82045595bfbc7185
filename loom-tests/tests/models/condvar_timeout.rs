//! A notice is used up by one who returns with it, also if that one's time is over at the same moment.
//!
//! Method: one waits with a deadline, one without; one notice. Who has got it passes it on, so both end; a notice that is
//! given to one who says that it timed out is lost, and the other waits for ever.

use loom_tests::{Bounds, Watched, model, spawn, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::{Condvar, Mutex};
use std::time::Duration;

#[test]
fn holds() {
    model("condvar_timeout", Bounds::new(2, 3130), || {
        with_agent(|| {
            let shared = Arc::new((Mutex::new(Watched::new()), Condvar::new()));
            let hasty = {
                let shared = shared.clone();
                spawn(move || {
                    let mut guard = shared.0.lock();
                    let timed_out = shared.1.wait_for(&mut guard, Duration::from_secs(1)).timed_out();
                    if !timed_out {
                        shared.1.notify_one();
                    }
                })
            };
            let patient = {
                let shared = shared.clone();
                spawn(move || {
                    let mut guard = shared.0.lock();
                    while guard.get() == 0 {
                        shared.1.wait(&mut guard);
                    }
                })
            };
            shared.0.lock().add();
            shared.1.notify_one();
            hasty.join().unwrap();
            patient.join().unwrap();
        });
    });
}
