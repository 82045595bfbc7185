//! A thread that locks a mutex which it holds already is told so, in a debug build.

use sisal_sync::Mutex;
use std::time::Duration;

#[test]
#[cfg(debug_assertions)]
fn a_debug_build_names_the_deadlock() {
    let mutex = Mutex::new(());
    let _guard = mutex.lock();
    let relock = std::panic::AssertUnwindSafe(|| drop(mutex.lock()));
    let payload = std::panic::catch_unwind(relock).unwrap_err();
    let id = sisal_park::with_current(|agent| agent.id());
    let message = payload.downcast_ref::<String>().unwrap();
    assert_eq!(*message, format!("deadlock: {id} locks a mutex that it holds already"));
}

#[test]
fn a_try_fails() {
    let mutex = Mutex::new(());
    let _guard = mutex.lock();
    assert!(mutex.try_lock().is_none());
    assert!(mutex.try_lock_for(Duration::from_millis(1)).is_none());
}
