//! A thread's record, in which it says that it is inside of a lock that is its own, and hears that one has become free.
//!
//! Knows nothing of locks: [`biased`](crate::biased) has the protocol, and [`asymmetric`](crate::sync::asymmetric) finds a thread's record
//! by its token. It is never freed, since others may look at it after the thread's end.
//!
//! Why not a word of the lock's: a thread that has lost the lock may still be about to say that it is inside, and to take it back at
//! once; it would write over what the next owner says.

use crate::CachePadded;
use crate::const_new;
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::fmt;
use std::ptr;

/// What is set by who is inside of a lock.
pub(crate) struct Inside {
    is_set: AtomicBool,
    /// Operations that were counted there.
    operations: AtomicU32,
}

impl Inside {
    const_new! {
        /// Nobody is inside.
        pub(crate) const fn new() -> Inside {
            Inside { is_set: AtomicBool::new(false), operations: AtomicU32::new(0) }
        }
    }

    #[inline(always)]
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.is_set
    }

    /// Counts one more operation, by who is inside.
    #[inline(always)]
    pub(crate) fn count_operation(&self) -> u32 {
        // Relaxed, and no read-modify-write: nobody else does.
        let count = self.operations.load(Ordering::Relaxed).wrapping_add(1);
        self.operations.store(count, Ordering::Relaxed);
        count
    }
}

/// One thread's record.
pub struct Presence {
    /// Read by all, so it stands apart from what the thread writes each time.
    token: CachePadded<usize>,
    inside: Inside,
    /// What its waits for locks have cost it, in half microseconds. (Outside of loom's view: no lock depends on it.)
    lock_waits_cost: std::sync::atomic::AtomicU32,
    bell: AtomicBool,
}

impl Presence {
    const_new! {
        /// The record of the thread with this token.
        pub const fn new(token: usize) -> Presence {
            Presence {
                token: CachePadded::new(token),
                inside: Inside::new(),
                lock_waits_cost: std::sync::atomic::AtomicU32::new(0),
                bell: AtomicBool::new(false),
            }
        }
    }

    /// Which thread's it is.
    #[inline(always)]
    pub fn token(&self) -> usize {
        *self.token
    }

    /// Whether the thread is inside; written by itself.
    #[inline(always)]
    pub(crate) fn inside(&self) -> &Inside {
        &self.inside
    }

    /// Lets the next operation that is counted be number 0.
    pub(crate) fn begin_count(&self) {
        self.inside.operations.store(u32::MAX, Ordering::Relaxed);
    }

    /// Counts a wait of the thread's, which calls this itself.
    pub(crate) fn note_lock_wait(&self, cost: u32) {
        let before = self.lock_waits_cost.load(std::sync::atomic::Ordering::Relaxed);
        self.lock_waits_cost.store(before.wrapping_add(cost), std::sync::atomic::Ordering::Relaxed);
    }

    /// What the thread's waits for locks have cost it, in half microseconds. Wraps.
    pub fn lock_waits_cost(&self) -> u32 {
        self.lock_waits_cost.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Tells the thread to look.
    #[inline]
    pub(crate) fn ring(&self) {
        // Relaxed: it only says that a look is worth while.
        self.bell.store(true, Ordering::Relaxed);
    }

    /// Whether the thread, which asks, was told so since it last asked.
    #[inline]
    pub(crate) fn was_rung(&self) -> bool {
        let rung = self.bell.load(Ordering::Relaxed);
        if rung {
            self.bell.store(false, Ordering::Relaxed);
        }
        rung
    }
}

/// There is one a thread.
impl PartialEq for Presence {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self, other)
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence").field("token", &self.token()).finish_non_exhaustive()
    }
}

/// That a thread is inside of one lock at a time, where it is checked: where nothing is optimised.
#[cfg(all(debug_assertions, not(sisal_loom)))]
pub(crate) mod one_at_a_time {
    use std::cell::Cell;

    thread_local! {
        static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
    }

    pub(crate) fn begin() {
        assert!(!IS_INSIDE.replace(true), "a thread holds two biased locks");
    }

    pub(crate) fn end() {
        IS_INSIDE.set(false);
    }
}

#[cfg(not(all(debug_assertions, not(sisal_loom))))]
pub(crate) mod one_at_a_time {
    #[inline(always)]
    pub(crate) fn begin() {}
    #[inline(always)]
    pub(crate) fn end() {}
}
