//! A writer is alone; readers see no half-written value; an upgradable reader misses no write between its look and its own.
//!
//! Method: writers change two numbers one after the other; upgradable readers remember what they saw.

use sisal_sync::{RwLock, RwLockUpgradableReadGuard, RwLockWriteGuard};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const ROUNDS: usize = 200;

fn add(pair: &mut (u32, u32)) {
    pair.0 += 1;
    std::thread::yield_now();
    pair.1 += 1;
}

#[test]
fn readers_or_one_writer() {
    let lock = RwLock::new((0, 0));
    let added = AtomicU32::new(0);
    let write = |guard: &mut (u32, u32)| {
        add(guard);
        added.fetch_add(1, Ordering::Relaxed);
    };
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (lock, write) = (&lock, &write);
            scope.spawn(move || (0..ROUNDS).for_each(|round| turn(lock, thread + round, write)));
        }
    });
    assert!(!lock.is_locked());
    let added = added.into_inner();
    assert_eq!(lock.into_inner(), (added, added));
}

fn same(pair: &(u32, u32)) {
    assert_eq!(pair.0, pair.1, "half written");
}

fn turn(lock: &RwLock<(u32, u32)>, way: usize, write: &dyn Fn(&mut (u32, u32))) {
    match way % 8 {
        0 => write(&mut lock.write()),
        1 => {
            let guard = lock.upgradable_read();
            let before = *guard;
            let mut guard = RwLockUpgradableReadGuard::upgrade(guard);
            assert_eq!(*guard, before, "a writer came between");
            write(&mut guard);
        }
        2 => {
            let mut guard = lock.write();
            write(&mut guard);
            let after = *guard;
            assert_eq!(*RwLockWriteGuard::downgrade(guard), after, "a writer came between");
        }
        3 => {
            if let Some(mut guard) = lock.try_write_for(Duration::from_micros(30)) {
                write(&mut guard);
            }
        }
        4 => {
            let guard = lock.upgradable_read();
            match RwLockUpgradableReadGuard::try_upgrade_for(guard, Duration::from_micros(10)) {
                Ok(mut guard) => write(&mut guard),
                Err(guard) => same(&guard),
            }
        }
        5 => {
            let guard = lock.read();
            same(&guard);
            same(&lock.read_recursive());
        }
        _ => same(&lock.read()),
    }
}
