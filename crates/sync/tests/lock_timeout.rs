//! A wait with a deadline ends at it, not before, and leaves nothing behind.

use sisal_sync::{Mutex, RwLock, RwLockUpgradableReadGuard, Semaphore};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_millis(3);

/// Whether `wait` gives up, and how long that took.
fn takes(wait: impl FnOnce() -> bool) -> Duration {
    let start = Instant::now();
    assert!(wait());
    start.elapsed()
}

#[test]
fn not_before_the_deadline() {
    let mutex = Mutex::new(());
    let guard = mutex.lock();
    assert!(takes(|| mutex.try_lock_for(TIMEOUT).is_none()) >= TIMEOUT);
    assert!(takes(|| mutex.try_lock_until(Instant::now() + TIMEOUT).is_none()) >= TIMEOUT);
    drop(guard);
    assert!(mutex.try_lock_for(TIMEOUT).is_some());

    let lock = RwLock::new(());
    let reader = lock.read();
    assert!(takes(|| lock.try_write_for(TIMEOUT).is_none()) >= TIMEOUT);
    let upgradable = lock.upgradable_read();
    assert!(takes(|| lock.try_upgradable_read_for(TIMEOUT).is_none()) >= TIMEOUT);
    let start = Instant::now();
    let upgradable = RwLockUpgradableReadGuard::try_upgrade_for(upgradable, TIMEOUT).unwrap_err();
    assert!(start.elapsed() >= TIMEOUT);
    drop(lock.try_read().expect("nobody who has given up holds out readers"));
    drop((reader, upgradable));
    assert!(lock.try_write().is_some());

    let semaphore = Semaphore::new(1);
    assert!(takes(|| semaphore.try_acquire_many_for(2, TIMEOUT).is_none()) >= TIMEOUT);
    assert!(semaphore.try_acquire().is_some(), "nobody who has given up holds back others");
}

#[test]
fn giving_up_races_with_being_let_in() {
    let (mutex, added) = (Mutex::new(0_u32), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (mutex, added) = (&mutex, &added);
            scope.spawn(move || {
                for round in 0..200 {
                    let timeout = Duration::from_micros((thread * 7 + round) % 40);
                    if let Some(mut guard) = mutex.try_lock_for(timeout) {
                        *guard += 1;
                        added.fetch_add(1, Ordering::Relaxed);
                        std::thread::yield_now();
                    }
                }
            });
        }
    });
    assert_eq!(mutex.into_inner(), added.into_inner());
}

#[test]
fn a_writer_that_gives_up_lets_the_readers_behind_it_in() {
    let lock = RwLock::new(());
    let (reader, began) = (lock.read(), Instant::now());
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(lock.try_write_for(Duration::from_millis(20)).is_none()));
        std::thread::sleep(Duration::from_millis(5));
        // The first reader stays in, so nobody leaves: only the writer itself can let this one in.
        drop(lock.read());
        assert!(began.elapsed() < Duration::from_secs(5));
    });
    drop(reader);
}

#[test]
fn beyond_all_time_is_for_ever() {
    let mutex = Mutex::new(());
    assert!(mutex.try_lock_for(Duration::MAX).is_some());
}
