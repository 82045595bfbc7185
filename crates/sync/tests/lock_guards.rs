//! Guards: parts of a value, unlocking for a while, and what may not leave its thread.

use sisal_sync::{
    MappedMutexGuard, MappedRwLockWriteGuard, Mutex, MutexGuard, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard,
};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

fn is_sync<T: Sync>() {}
fn is_send<T: Send>() {}

#[test]
fn what_may_be_shared() {
    is_sync::<MutexGuard<'_, u32>>();
    is_sync::<RwLockReadGuard<'_, u32>>();
    is_sync::<Mutex<Cell<u32>>>();
    is_send::<Mutex<Cell<u32>>>();
    is_send::<RwLock<Cell<u32>>>();
}

#[test]
fn a_part_holds_the_whole() {
    let mutex = Mutex::new((1, [2, 3]));
    let part = MutexGuard::map(mutex.lock(), |pair| &mut pair.1);
    let mut last = MappedMutexGuard::try_map(part, |list| list.last_mut()).unwrap();
    *last += 1;
    assert!(mutex.is_locked());
    drop(last);
    assert!(!mutex.is_locked());
    assert_eq!(mutex.into_inner(), (1, [2, 4]));

    let lock = RwLock::new((1, [2, 3]));
    let part = RwLockWriteGuard::map(lock.write(), |pair| &mut pair.1);
    assert!(MappedRwLockWriteGuard::try_map(part, |list| list.get_mut(7)).is_err());
    let part = RwLockReadGuard::map(lock.read(), |pair| &pair.0);
    assert!(*part == 1 && lock.is_locked() && !lock.is_locked_exclusive());
    drop(part);
    assert!(!lock.is_locked());
}

#[test]
fn a_panic_in_a_map_unlocks() {
    let mutex = Mutex::new(1);
    let map =
        || drop(MutexGuard::map(mutex.lock(), |_| resume_unwind(Box::new(()))) as MappedMutexGuard<'_, u32>);
    assert!(catch_unwind(AssertUnwindSafe(map)).is_err());
    assert!(!mutex.is_locked());
}

#[test]
fn what_runs_unlocked_is_locked_again_after_a_panic() {
    let mutex = Mutex::new(1);
    let mut guard = mutex.lock();
    let unlocked = || {
        MutexGuard::unlocked(&mut guard, || {
            assert!(!mutex.is_locked());
            resume_unwind(Box::new(()))
        })
    };
    assert!(catch_unwind(AssertUnwindSafe(unlocked)).is_err());
    assert!(mutex.is_locked());
}

#[test]
fn a_panic_of_an_upgraded_reader_steps_down() {
    let lock = RwLock::new(1);
    let mut guard = lock.upgradable_read();
    let upgraded = || {
        guard.with_upgraded(|value| {
            *value = 2;
            resume_unwind(Box::new(()))
        })
    };
    assert!(catch_unwind(AssertUnwindSafe(upgraded)).is_err());
    assert_eq!((*guard, *lock.read()), (2, 2));
    assert!(lock.try_write().is_none() && lock.try_upgradable_read().is_none());
    let plain = RwLockUpgradableReadGuard::downgrade(guard);
    assert!(lock.try_upgradable_read().is_some());
    drop(plain);
    assert!(lock.try_write().is_some());
}

#[test]
fn unsized_values() {
    let mutex: &Mutex<[u32]> = &Mutex::new([1, 2, 3]);
    mutex.lock()[1] = 7;
    let lock: Box<RwLock<[u32]>> = Box::new(RwLock::new([1, 7, 3]));
    assert_eq!(mutex.lock()[..], lock.read()[..]);
}

#[test]
fn how_they_look() {
    let (mutex, lock) = (Mutex::new(1), RwLock::new(1));
    assert_eq!(format!("{mutex:?} {lock:?}"), "Mutex { data: 1 } RwLock { data: 1 }");
    let (guard, writer) = (mutex.lock(), lock.write());
    assert_eq!(format!("{mutex:?} {lock:?}"), "Mutex { data: <locked> } RwLock { data: <locked> }");
    assert_eq!(format!("{guard:?} {guard} {writer}"), "1 1 1");
}

#[test]
fn the_destructor_of_a_thread_local_may_lock() {
    struct AtExit(RwLock<u32>, Mutex<u32>);
    impl Drop for AtExit {
        fn drop(&mut self) {
            *self.0.write() += *self.1.lock();
        }
    }
    thread_local! {
        static AT_EXIT: AtExit = const { AtExit(RwLock::new(0), Mutex::new(0)) };
    }
    let thread = std::thread::spawn(|| {
        AT_EXIT.with(|_| ());
        drop(Mutex::new(()).lock());
    });
    thread.join().unwrap();
}
