//! A sleeper that was rung sees at its first look what it was rung for.
//!
//! Method: two threads, one flag, written and read relaxed.

use loom::thread;
use loom_tests::{Bell, Bounds, model};
use sisal_base::sync::Arc;
use sisal_base::sync::atomic::{AtomicBool, Ordering};
use sisal_queue::{Idle, Roused, Sleeper};

#[test]
fn holds() {
    model("idle_rung_sees_why", Bounds::unbounded(25), || {
        let shared = Arc::new((Idle::new(), Sleeper::new(), Bell::new(), AtomicBool::new(false)));
        let waker = {
            let shared = shared.clone();
            thread::spawn(move || {
                let (_, sleeper, bell, reason) = &*shared;
                reason.store(true, Ordering::Relaxed);
                if sleeper.wake() {
                    bell.ring();
                }
            })
        };
        let (idle, sleeper, bell, reason) = &*shared;
        idle.announce(sleeper);
        // It sleeps with a timeout, or is woken by a socket: the bell is not what tells it.
        if let Roused::Rung = idle.withdraw(sleeper) {
            assert!(reason.load(Ordering::Relaxed), "rung for nothing that it could see");
            bell.sleep();
        }
        waker.join().unwrap();
    });
}
