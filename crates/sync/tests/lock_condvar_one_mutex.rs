//! A condition variable belongs to the mutex of those who wait on it, and to nobody once they are gone.
//!
//! Method: a thread waits with one mutex; a wait with another one panics, and leaves both mutexes as they were. After a
//! notice the other one is welcome.

use sisal_sync::{Condvar, Mutex};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

#[test]
fn two_mutexes_at_once_are_a_panic() {
    let (left, right, changed) = (Mutex::new(false), Mutex::new(()), Condvar::new());
    std::thread::scope(|scope| {
        let mut waits = left.lock();
        scope.spawn(|| {
            // Locked only once the wait below has begun.
            let mut told = left.lock();
            let mut guard = right.lock();
            let wait = AssertUnwindSafe(|| changed.wait(&mut guard));
            assert!(catch_unwind(wait).is_err());
            assert!(right.is_locked());
            drop(guard);
            *told = true;
            changed.notify_one();
        });
        changed.wait_while(&mut waits, |told| !*told);
        drop(waits);
        assert!(changed.wait_for(&mut right.lock(), Duration::from_millis(1)).timed_out());
    });
}
