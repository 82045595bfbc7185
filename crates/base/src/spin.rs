//! A lock for sections of some ten instructions, in which nobody ever parks, allocates or runs a user's code.
//!
//! Knows nothing of agents: who waits for it burns its OS thread, which is right only because a holder never leaves its
//! core of its own accord. (A fiber never suspends while it holds one: nothing inside may call `park`.) Used through
//! [`sync::SpinLock`](crate::sync::SpinLock), which is loom's mutex under loom; this one has a model of its own.
//!
//! | state | who moves it |
//! |---|---|
//! | `false` free | `lock`: `false => true`, Acquire, pairs with the Release of the guard's drop |
//! | `true` held | the guard's drop: `true => false` |

use crate::backoff::Backoff;
use crate::const_new;
use crate::sync::UnsafeCell;
use crate::sync::atomic::{AtomicBool, Ordering};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// A value behind a test-and-set lock that backs off 16 pauses a look.
///
/// ```
/// use sisal_base::spin::SpinLock;
/// let count = SpinLock::new(1);
/// *count.lock() += 1;
/// assert_eq!(*count.lock(), 2);
/// ```
pub struct SpinLock<T> {
    held: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the lock hands out one `&mut T` at a time, so sharing it moves the value between threads at most.
unsafe impl<T: Send> Sync for SpinLock<T> {}
// SAFETY: as for any owned value.
unsafe impl<T: Send> Send for SpinLock<T> {}

impl<T> SpinLock<T> {
    const_new! {
        /// A free lock around `value`.
        pub const fn new(value: T) -> SpinLock<T> {
            SpinLock { held: AtomicBool::new(false), value: UnsafeCell::new(value) }
        }
    }

    /// Spins until the lock is free.
    #[inline]
    pub fn lock(&self) -> SpinGuard<'_, T> {
        // free => held; Acquire pairs with the Release in `SpinGuard::drop`.
        if !self.try_hold() {
            self.lock_slow();
        }
        SpinGuard { lock: self, not_send: std::marker::PhantomData }
    }

    #[inline(always)]
    fn try_hold(&self) -> bool {
        let success = ordering!(Acquire, "spin.lock.relaxed" => Relaxed);
        self.held.compare_exchange(false, true, success, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn lock_slow(&self) {
        let mut backoff = Backoff::new();
        loop {
            backoff.look_away();
            // Look before the RMW: a failing RMW takes the line away from the holder.
            if !self.held.load(Ordering::Relaxed) && (fault!("spin.lock.looks_only") || self.try_hold()) {
                return;
            }
        }
    }

    /// The value, which nobody else can reach.
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: `&mut self` shows that there is no guard.
        self.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T: fmt::Debug> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").finish_non_exhaustive()
    }
}

/// Holds a [`SpinLock`] until dropped.
pub struct SpinGuard<'a, T> {
    lock: &'a SpinLock<T>,
    // A raw pointer takes away `Send` and `Sync`; the latter comes back below, where `T` allows it.
    not_send: std::marker::PhantomData<*mut T>,
}

// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: Sync> Sync for SpinGuard<'_, T> {}

impl<T> Deref for SpinGuard<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the lock's only one.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for SpinGuard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the lock's only one, and borrowed for writing.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for SpinGuard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // held => free; Release pairs with the Acquire in `lock`.
        self.lock.held.store(false, ordering!(Release, "spin.unlock.relaxed" => Relaxed));
    }
}

#[cfg(all(test, not(sisal_loom)))]
mod tests {
    use super::*;

    #[test]
    fn two_threads_count_together() {
        let count = SpinLock::new(0_u32);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        *count.lock() += 1;
                    }
                });
            }
        });
        assert_eq!(*count.lock(), 40_000);
    }
}
