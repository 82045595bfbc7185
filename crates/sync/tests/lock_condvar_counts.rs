//! A notice says whether, and how many, it has reached; each who waits is reached once.

use sisal_sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// More than are woken in one go.
const WAITERS: usize = 40;

#[test]
fn all_who_wait_are_counted() {
    let (count, changed) = (Mutex::new(0), Condvar::new());
    let came = Condvar::new();
    assert_eq!((changed.notify_one(), changed.notify_all()), (false, 0));
    std::thread::scope(|scope| {
        for _ in 0..WAITERS {
            scope.spawn(|| {
                let mut guard = count.lock();
                *guard += 1;
                came.notify_one();
                changed.wait(&mut guard);
                *guard -= 1;
            });
        }
        let mut guard = count.lock();
        came.wait_while(&mut guard, |count| *count < WAITERS);
        assert!(changed.notify_one());
        assert_eq!(changed.notify_all(), WAITERS - 1);
        assert_eq!(changed.notify_all(), 0);
    });
    assert_eq!(count.into_inner(), 0);
}

#[test]
fn waits_with_a_deadline() {
    let (mutex, changed) = (Mutex::new(0), Condvar::new());
    let mut guard = mutex.lock();
    let timeout = Duration::from_millis(3);
    let start = Instant::now();
    assert!(changed.wait_for(&mut guard, timeout).timed_out());
    assert!(changed.wait_timeout(&mut guard, timeout).timed_out());
    assert!(changed.wait_while_for(&mut guard, |value| *value == 0, timeout).timed_out());
    assert!(start.elapsed() >= 3 * timeout);
    assert!(!changed.wait_while_until(&mut guard, |value| *value == 1, start).timed_out());
    assert!(mutex.is_locked());
}
