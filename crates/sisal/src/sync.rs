//! Locks, as [`std::sync`] has them, without poisoning: they work from fibers and threads alike, and suspend the fiber
//! where std's would block the OS thread.
//!
//! Knows nothing of how they wait; that is `sisal-sync`.
//!
//! ```
//! use sisal::{go, sync::{Mutex, WaitGroup}};
//! use std::sync::Arc;
//!
//! let (total, group) = (Arc::new(Mutex::new(0)), WaitGroup::new());
//! for n in 1..=3 {
//!     let (total, group) = (Arc::clone(&total), group.clone());
//!     go! {
//!         *total.lock() += n;
//!         drop(group);
//!     };
//! }
//! group.wait();
//! assert_eq!(*total.lock(), 6);
//! ```

pub use sisal_sync::{
    Barrier, BarrierWaitResult, Condvar, LazyLock, MappedMutexGuard, MappedRwLockReadGuard,
    MappedRwLockWriteGuard, Mutex, MutexGuard, Notify, Once, OnceLock, OnceState, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard, Semaphore, SemaphorePermit, WaitGroup, WaitTimeoutResult,
};
