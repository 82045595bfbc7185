//! Neither readers nor writers starve; and who need not wait does not.

use sisal_sync::{RwLock, RwLockUpgradableReadGuard, RwLockWriteGuard};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// Until `condition` holds, with a little sleep between two looks.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn a_writer_gets_in_between_readers_that_overlap() {
    let (lock, over) = (RwLock::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let _reader = lock.read();
                    std::thread::sleep(Duration::from_micros(300));
                }
            });
        }
        for _ in 0..5 {
            *lock.write() += 1;
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(lock.into_inner(), 5);
}

#[test]
fn readers_wait_behind_a_writer_but_recursive_ones_pass() {
    let (lock, wrote) = (RwLock::new(()), AtomicBool::new(false));
    let reader = lock.read();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _writer = lock.write();
            wrote.store(true, Ordering::Relaxed);
        });
        until(|| lock.try_read().is_none());
        assert!(lock.try_read_recursive().is_some());
        drop(lock.read_recursive());
        assert!(!wrote.load(Ordering::Relaxed));
        drop(reader);
    });
    assert!(wrote.load(Ordering::Relaxed));
}

#[test]
fn readers_pass_who_waits_to_read_upgradably() {
    let (lock, read) = (RwLock::new(()), AtomicU32::new(0));
    let upgradable = lock.upgradable_read();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| drop(lock.upgradable_read()));
        std::thread::sleep(Duration::from_millis(2));
        for _ in 0..3 {
            scope.spawn(|| {
                let _reader = lock.read();
                read.fetch_add(1, Ordering::Relaxed);
            });
        }
        until(|| read.load(Ordering::Relaxed) == 3);
        assert!(!other.is_finished());
        drop(upgradable);
    });
}

#[test]
fn a_downgrade_lets_waiting_readers_in() {
    let (lock, read) = (RwLock::new(()), AtomicU32::new(0));
    let writer = lock.write();
    std::thread::scope(|scope| {
        // More than are woken in one go.
        for _ in 0..20 {
            scope.spawn(|| {
                let _reader = lock.read();
                read.fetch_add(1, Ordering::Relaxed);
            });
        }
        std::thread::sleep(Duration::from_millis(2));
        let reader = RwLockWriteGuard::downgrade(writer);
        until(|| read.load(Ordering::Relaxed) == 20);
        drop(reader);
    });
}

#[test]
fn an_upgrade_waits_for_the_last_reader_and_holds_out_new_ones() {
    let (lock, upgraded) = (RwLock::new(()), AtomicBool::new(false));
    let reader = lock.read();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let guard = RwLockUpgradableReadGuard::upgrade(lock.upgradable_read());
            upgraded.store(true, Ordering::Relaxed);
            drop(guard);
        });
        until(|| lock.try_read().is_none());
        assert!(!upgraded.load(Ordering::Relaxed));
        let behind = scope.spawn(|| drop(lock.read()));
        drop(reader);
        behind.join().unwrap();
        assert!(upgraded.load(Ordering::Relaxed) || !lock.is_locked_exclusive());
    });
}
