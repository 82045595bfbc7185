//! A lock goes from one thread that had it to itself to another, and no addition under it is lost.
//!
//! Method: threads add while the lock is taken from them, asked for, or given up. In a process of its own: the first fence that is enabled
//! stays, and the unit tests have one that counts.

use sisal_base::biased::BiasedLock;
use sisal_base::process_fence::enable;
use sisal_base::sync::asymmetric::{STREAK, is_enabled};
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

const LOCKS: usize = 10_000;
/// Times that a lock's owner takes it.
const TIMES: u32 = 1_000;
/// Turns of each thread with a lock that goes round.
const PASSES: u32 = 1_000;

fn add(lock: &BiasedLock<u32, ()>) {
    let mut count = lock.lock();
    *count = black_box(*count) + 1;
}

/// Where the fence does nothing, additions are lost: the owner and the one that disowns it are both inside.
#[test]
fn a_lock_is_taken_from_its_owner_in_the_middle_of_its_work() {
    enable();
    if !is_enabled() {
        println!("no such fence here: nothing is shown");
        return;
    }
    let locks: Vec<_> = (0..LOCKS).map(|_| (BiasedLock::new(0, ()), AtomicU32::new(0))).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            for (lock, taken) in &locks {
                for times in 1..=TIMES {
                    add(lock);
                    taken.store(times, Relaxed);
                }
            }
        });
        for (index, (lock, taken)) in locks.iter().enumerate() {
            let first = STREAK + index as u32 % (TIMES / 2);
            while taken.load(Relaxed) < first {
                spin_loop();
            }
            add(lock);
        }
    });
    assert!(locks.iter().all(|(lock, _)| *lock.lock() == TIMES + 1), "an addition is lost");
}

/// Where one that was asked, or has renounced, is in once more, or a late store makes the next owner's lock nobody's, additions are lost.
#[test]
fn a_lock_goes_from_owner_to_owner() {
    enable();
    let lock = BiasedLock::new(0, ());
    thread::scope(|scope| {
        for thread in 1..=3_u32 {
            let lock = &lock;
            scope.spawn(move || {
                for turn in 0..PASSES {
                    // Some turns make an owner, some do not, and some are long enough that others ask for it.
                    (0..turn * thread * 37 % (20 * STREAK)).for_each(|_| add(lock));
                    match turn % 3 {
                        0 => lock.renounce(),
                        1 => thread::yield_now(),
                        _ => {}
                    }
                }
            });
        }
    });
    let sum: u32 =
        (1..=3).flat_map(|thread| (0..PASSES).map(move |turn| turn * thread * 37 % (20 * STREAK))).sum();
    assert_eq!(*lock.lock(), sum, "an addition is lost");
}
