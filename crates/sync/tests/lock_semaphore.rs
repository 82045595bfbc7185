//! No more are in than there are permits, and nobody who wants many is passed by those who want few.

use sisal_sync::Semaphore;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const PERMITS: usize = 3;

#[test]
fn never_more_than_there_are() {
    let (semaphore, inside) = (Semaphore::new(PERMITS), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (semaphore, inside) = (&semaphore, &inside);
            scope.spawn(move || {
                for round in 0..100 {
                    let count = 1 + (thread + round) % PERMITS;
                    let permit = match round % 3 {
                        0 => semaphore.try_acquire_many(count),
                        1 => semaphore.try_acquire_many_for(count, Duration::from_micros(30)),
                        _ => Some(semaphore.acquire_many(count)),
                    };
                    if permit.is_some() {
                        assert!(inside.fetch_add(count, Ordering::Relaxed) + count <= PERMITS);
                        std::thread::yield_now();
                        inside.fetch_sub(count, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(semaphore.available(), PERMITS);
}

#[test]
fn who_wants_many_is_not_passed() {
    let (semaphore, got) = (Semaphore::new(PERMITS), AtomicBool::new(false));
    let one = semaphore.acquire();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _all = semaphore.acquire_many(PERMITS);
            got.store(true, Ordering::Relaxed);
        });
        while semaphore.try_acquire().is_some() {
            std::thread::yield_now();
        }
        assert_eq!(semaphore.available(), PERMITS - 1);
        let few = scope.spawn(|| drop(semaphore.acquire()));
        std::thread::sleep(Duration::from_millis(2));
        assert!(!few.is_finished() && !got.load(Ordering::Relaxed));
        drop(one);
    });
    assert!(got.load(Ordering::Relaxed));
}

#[test]
fn new_permits_reach_all_who_wait() {
    let semaphore = Semaphore::new(0);
    std::thread::scope(|scope| {
        // More than are woken in one go.
        for _ in 0..20 {
            scope.spawn(|| semaphore.acquire().forget());
        }
        semaphore.add_permits(20);
    });
    assert_eq!(semaphore.available(), 0);
}

#[test]
#[should_panic(expected = "MAX_PERMITS")]
fn too_many() {
    Semaphore::new(1).add_permits(Semaphore::MAX_PERMITS);
}
