#![doc = include_str!("../README.md")]

pub mod channel;

mod barrier;
mod condvar;
mod gate;
mod lazy_lock;
mod line;
mod mutex;
mod mutex_guard;
mod notify;
mod once;
mod once_lock;
mod rwlock;
mod rwlock_guard;
mod rwlock_upgradable;
mod semaphore;
mod wait_group;

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use lazy_lock::LazyLock;
pub use mutex::Mutex;
pub use mutex_guard::{MappedMutexGuard, MutexGuard};
pub use notify::Notify;
pub use once::{Once, OnceState};
pub use once_lock::OnceLock;
pub use rwlock::RwLock;
pub use rwlock_guard::{MappedRwLockReadGuard, MappedRwLockWriteGuard, RwLockReadGuard, RwLockWriteGuard};
pub use rwlock_upgradable::RwLockUpgradableReadGuard;
pub use semaphore::{Semaphore, SemaphorePermit};
pub use wait_group::WaitGroup;
