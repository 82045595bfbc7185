//! A wait for a lock that gives up leaves nothing behind: neither a lock that nobody has, nor somebody who waits for ever.
//!
//! Method: one agent gives up as soon as it waits, beside one that waits in earnest and one that unlocks fairly.

use loom_tests::{Bounds, Watched, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::{Mutex, MutexGuard};
use std::time::Duration;

#[test]
fn holds() {
    model("mutex_gives_up", Bounds::new(3, 35_786), || {
        with_agent(|| {
            let mutex = Arc::new(Mutex::new(Watched::new()));
            let guard = mutex.lock();
            let others = spawn_each(2, &mutex, |mutex, index| match index {
                0 => drop(mutex.try_lock_for(Duration::from_secs(1)).map(|guard| guard.add())),
                _ => mutex.lock().add(),
            });
            guard.add();
            MutexGuard::unlock_fair(guard);
            for other in others {
                other.join().unwrap();
            }
            let guard = mutex.try_lock().expect("nobody has it");
            assert!(guard.get() == 2 || guard.get() == 3);
        });
    });
}
