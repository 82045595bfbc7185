//! A spin lock that costs a thread no read-modify-write as long as it is the only one to take it: most channels live on one worker.
//!
//! Knows nothing of agents, nor which threads there are. As with [`spin`](crate::spin), a holder never leaves its core of its own accord.
//!
//! D. Dice, H. Huang, M. Yang, "Asymmetric Dekker Synchronization" (2001): of two who shut each other out, the frequent one stores and
//! loads, and the rare one pays for both fences. Measured: a locked instruction takes 5 to 6 ns and holds back what stands behind it, two
//! a message; a message through a channel on one worker 20 ns with them and 12 without; the rare one's fence 0.5 µs.
//!
//! | `owner` | who may hold the lock | who moves it |
//! |---|---|---|
//! | `FRESH` | who has moved `held` from `false` to `true` | whoever holds `held`: `=>` its token, once it has done so [`STREAK`] times in a row |
//! | a token | its thread, by `inside` alone | whoever else moves `held` to `true`: `=> SHARED`, and it holds the lock once `inside` is `false` |
//! | `SHARED` | who has moved `held` from `false` to `true` | nobody |
//!
//! Invariants:
//! 1. `owner` and the streak are written by whoever holds `held`.
//! 2. `inside` is written by the thread whose token `owner` is or was, and by no other: a lock is given to one thread at the most, ever.
//!
//! Race, *the owner comes in while it is disowned*: Owner: store `inside`, light fence, load `owner`. Other: store `SHARED`, heavy fence,
//! load `inside`. One of the two sees the other. The owner that sees `SHARED` leaves and queues for `held`; the other that sees `inside` waits.
//! Both may see each other: then the owner leaves, and the other goes on.
//!
//! Race, *a late store of the owner's*: It stores `inside` and sees that it is disowned, long after the other has stopped waiting. Nobody looks at
//! `inside` any more, which would not hold if the lock could be given to a second thread.
//!
//! A thread's token is its thread pointer, which a later thread may get again. Whatever the first one did happened before its end, and that
//! before the kernel let its memory be used anew: the later one continues the earlier one's life.

use crate::backoff::Backoff;
use crate::sync::UnsafeCell;
use crate::sync::asymmetric::{self, STREAK};
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// No thread's token: aligned pointers are none of these.
const FRESH: usize = 0;
const SHARED: usize = 1;

/// A value behind a lock that is cheapest for a thread that has it to itself.
///
/// ```
/// use sisal_base::biased::BiasedLock;
/// let count = BiasedLock::new(1);
/// *count.lock() += 1;
/// assert_eq!(*count.lock(), 2);
/// ```
pub struct BiasedLock<T> {
    owner: AtomicUsize,
    inside: AtomicBool,
    held: AtomicBool,
    /// Who has taken it last while it was fresh, and how often in a row.
    streak: UnsafeCell<(usize, u32)>,
    value: UnsafeCell<T>,
}

// SAFETY: the lock hands out one `&mut T` at a time, so sharing it moves the value between threads at most. The streak is touched by
// the holder of `held` alone (invariant 1).
unsafe impl<T: Send> Sync for BiasedLock<T> {}
// SAFETY: as for any owned value.
unsafe impl<T: Send> Send for BiasedLock<T> {}

impl<T> BiasedLock<T> {
    /// A free lock around `value`.
    pub fn new(value: T) -> Self {
        Self {
            owner: AtomicUsize::new(FRESH),
            inside: AtomicBool::new(false),
            held: AtomicBool::new(false),
            streak: UnsafeCell::new((FRESH, 0)),
            value: UnsafeCell::new(value),
        }
    }

    /// Spins until the lock is free.
    #[inline]
    pub fn lock(&self) -> BiasedGuard<'_, T> {
        self.lock_as(asymmetric::token())
    }

    /// [`lock`](Self::lock), by the thread of that token.
    #[doc(hidden)]
    #[inline(always)]
    pub fn lock_as(&self, token: usize) -> BiasedGuard<'_, T> {
        if self.owner.load(Ordering::Relaxed) == token && self.enter(token) {
            return self.guard(&self.inside);
        }
        // free => held; Acquire pairs with the Release in `BiasedGuard::drop`.
        if !self.try_hold() {
            self.hold_slow();
        }
        if self.owner.load(Ordering::Relaxed) != SHARED {
            self.settle(token);
        }
        self.guard(&self.held)
    }

    #[inline(always)]
    fn guard<'a>(&'a self, flag: &'a AtomicBool) -> BiasedGuard<'a, T> {
        BiasedGuard { lock: self, flag, not_send: PhantomData }
    }

    /// The owner's way in; `false` if it was disowned meanwhile. Nothing here acquires: what the owner finds inside it has left there
    /// itself, or has seen when it held `held` for the last time.
    #[inline(always)]
    fn enter(&self, token: usize) -> bool {
        self.inside.store(true, Ordering::Relaxed);
        if !fault!("biased.enter.no_fence") {
            asymmetric::light_fence();
        }
        if fault!("biased.enter.looks_once") || self.owner.load(Ordering::Relaxed) == token {
            return true;
        }
        // Release, as in `BiasedGuard::drop`: who waits may read this instead of what the last guard has stored. (No model shows it:
        // loom's stand-in for the fence above releases already.)
        self.inside.store(false, Ordering::Release);
        false
    }

    #[inline(always)]
    fn try_hold(&self) -> bool {
        let success = ordering!(Acquire, "biased.hold.relaxed" => Relaxed);
        self.held.compare_exchange(false, true, success, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn hold_slow(&self) {
        let mut backoff = Backoff::new();
        loop {
            backoff.look_away();
            // Look before the RMW: a failing RMW takes the line away from the holder.
            if !self.held.load(Ordering::Relaxed) && self.try_hold() {
                return;
            }
        }
    }

    /// `held` is ours: the lock is, unless it is owned by another thread, which is disowned.
    #[inline(never)]
    fn settle(&self, token: usize) {
        if self.owner.load(Ordering::Relaxed) != FRESH {
            return self.disown();
        }
        // SAFETY: invariant 1.
        let streak = self.streak.with_mut(|streak| unsafe {
            let (last, count) = *streak;
            *streak = (token, if last == token { count.saturating_add(1) } else { 1 });
            (*streak).1
        });
        if streak >= STREAK && asymmetric::is_enabled() {
            // From its next time on.
            self.owner.store(token, Ordering::Relaxed);
        }
    }

    #[cold]
    fn disown(&self) {
        self.owner.store(SHARED, Ordering::Relaxed);
        if !fault!("biased.disown.no_fence") {
            asymmetric::heavy_fence();
        }
        let mut backoff = Backoff::new();
        // Acquire pairs with the Release of the owner's guard.
        while self.inside.load(ordering!(Acquire, "biased.disown.relaxed" => Relaxed))
            && !fault!("biased.disown.waits_not")
        {
            backoff.look_away();
        }
    }
}

impl<T> fmt::Debug for BiasedLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BiasedLock").finish_non_exhaustive()
    }
}

/// Holds a [`BiasedLock`] until dropped.
pub struct BiasedGuard<'a, T> {
    lock: &'a BiasedLock<T>,
    /// What was set to come in.
    flag: &'a AtomicBool,
    // A raw pointer takes away `Send` and `Sync`; the latter comes back below, where `T` allows it.
    not_send: PhantomData<*mut T>,
}

// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: Sync> Sync for BiasedGuard<'_, T> {}

impl<T> Deref for BiasedGuard<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the lock's only one.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for BiasedGuard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the lock's only one, and borrowed for writing.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for BiasedGuard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // Release pairs with the Acquire of whoever holds `held` next, and of whoever disowns the lock's owner.
        self.flag.store(false, ordering!(Release, "biased.unlock.relaxed" => Relaxed));
    }
}

#[cfg(all(test, not(sisal_loom)))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    /// How often an owner was disowned.
    static FENCES: AtomicUsize = AtomicUsize::new(0);

    /// A fence that only counts: these tests have one thread each, under two names. (The scheduler's `process_fence` has the test of a
    /// real one.)
    fn enable() {
        asymmetric::enable(|| {
            FENCES.fetch_add(1, SeqCst);
        });
    }

    #[test]
    fn who_is_alone_is_given_the_lock_and_loses_it_for_ever() {
        enable();
        let lock = BiasedLock::new(0);
        for n in 0..2 * STREAK {
            let guard = lock.lock_as(8);
            let is_owner = std::ptr::eq(guard.flag, &lock.inside);
            assert_eq!(is_owner, n >= STREAK, "time {n}");
        }
        assert_eq!(lock.owner.load(SeqCst), 8);
        let before = FENCES.load(SeqCst);
        assert!(std::ptr::eq(lock.lock_as(16).flag, &lock.held));
        assert_eq!((lock.owner.load(SeqCst), FENCES.load(SeqCst)), (SHARED, before + 1));
        for _ in 0..2 * STREAK {
            assert!(std::ptr::eq(lock.lock_as(16).flag, &lock.held), "nobody owns it again");
        }
    }

    #[test]
    fn a_streak_that_nobody_ends_does_not_overflow() {
        let lock = BiasedLock::new(());
        // Where no fence is to be had, it goes on for ever.
        // SAFETY: nobody else has the lock.
        lock.streak.with_mut(|streak| unsafe { *streak = (8, u32::MAX) });
        drop(lock.lock_as(8));
    }

    #[test]
    fn two_in_turn_share_it() {
        enable();
        let lock = BiasedLock::new(0);
        for n in 0..4 * STREAK as usize {
            *lock.lock_as(8 * (1 + n % 2)) += 1;
        }
        assert_eq!(lock.owner.load(SeqCst), FRESH);
        assert_eq!(*lock.lock(), 4 * STREAK);
    }
}
