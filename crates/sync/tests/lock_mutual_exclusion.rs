//! A mutex lets one in at a time, by whichever verb they come.
//!
//! Method: threads that lock, try and give up add to a plain counter in two steps; one that came between would be seen.

use sisal_sync::{Mutex, MutexGuard};
use std::time::Duration;

const THREADS: usize = 4;
const ROUNDS: usize = 500;

/// Adds 1 in two steps.
fn add(mut guard: MutexGuard<'_, (u32, u32)>) {
    guard.0 += 1;
    std::hint::spin_loop();
    assert_eq!(guard.0, guard.1 + 1, "somebody else is in");
    guard.1 += 1;
}

#[test]
fn one_at_a_time() {
    let mutex = Mutex::new((0, 0));
    let added: u32 = std::thread::scope(|scope| {
        let start = |thread| {
            let mutex = &mutex;
            scope.spawn(move || (0..ROUNDS).map(|round| turn(mutex, thread + round)).sum::<u32>())
        };
        let threads: Vec<_> = (0..THREADS).map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(!mutex.is_locked());
    assert_eq!(mutex.into_inner(), (added, added));
}

/// One way to lock; gives how often it has added.
fn turn(mutex: &Mutex<(u32, u32)>, way: usize) -> u32 {
    let guard = match way % 4 {
        0 => mutex.try_lock(),
        1 => mutex.try_lock_for(Duration::from_micros(20)),
        _ => Some(mutex.lock()),
    };
    match guard {
        None => 0,
        Some(mut guard) if way % 4 == 3 => {
            MutexGuard::bump(&mut guard);
            add(guard);
            1
        }
        Some(guard) => {
            add(guard);
            1
        }
    }
}

#[test]
fn the_holder_is_known() {
    let id = || sisal_park::with_current(|agent| agent.id());
    let mutex = Mutex::new(());
    assert_eq!(mutex.holder(), None);
    let guard = mutex.lock();
    assert_eq!(mutex.holder(), Some(id()));
    drop(guard);
    assert_eq!(mutex.holder(), None);
    let other = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                std::mem::forget(mutex.lock());
                id()
            })
            .join()
            .unwrap()
    });
    assert_eq!(mutex.holder(), Some(other));
}

#[test]
fn a_panic_unlocks() {
    let mutex = Mutex::new(1);
    let panicking = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _guard = mutex.lock();
                std::panic::resume_unwind(Box::new("on purpose"));
            })
            .join()
    });
    assert!(panicking.is_err());
    assert_eq!(*mutex.lock(), 1);
}
