//! The semaphore: as many at a time as there are permits.
//!
//! Knows nothing of waiting: `gate.rs` has the word, the line and their proof. The word's bits above the gate's flags are the
//! number of permits that are free.

use crate::gate::{Gate, RULE_SHIFT, Rule};
use crate::line::deadline_after;
use sisal_base::{const_new, fault};
use sisal_park::{Reason, with_current};
use std::fmt;
use std::time::{Duration, Instant};

/// What a semaphore's word means.
enum Permits {}

impl Rule for Permits {
    type Want = usize;

    #[inline]
    fn enter(word: u64, want: usize) -> Option<u64> {
        word.checked_sub((want as u64) << RULE_SHIFT)
    }

    #[inline]
    fn leave(word: u64, want: usize) -> u64 {
        word.checked_add((want as u64) << RULE_SHIFT).expect("permits beyond `Semaphore::MAX_PERMITS`")
    }

    #[inline]
    fn may_pass(_want: usize) -> bool {
        // Who wants many would never see that many free.
        fault!("semaphore.acquire.passes_line")
    }

    #[inline]
    fn holds_back(_want: usize) -> bool {
        true
    }

    #[inline]
    fn tries_itself(_want: usize) -> bool {
        false
    }
}

/// A number of permits; who wants one and finds none waits, first come, first served. The wait is never cancelled.
///
/// ```
/// use sisal_sync::Semaphore;
/// let semaphore = Semaphore::new(2);
/// let one = semaphore.acquire();
/// let other = semaphore.acquire();
/// assert!(semaphore.try_acquire().is_none());
/// drop(one);
/// assert_eq!(semaphore.available(), 1);
/// # drop(other);
/// ```
pub struct Semaphore {
    gate: Gate<Permits>,
}

/// Permits of a [`Semaphore`], given back when dropped.
///
/// ```
/// let semaphore = sisal_sync::Semaphore::new(3);
/// let permit = semaphore.acquire_many(2);
/// assert_eq!((permit.count(), semaphore.available()), (2, 1));
/// ```
#[must_use = "dropping the permit gives it back"]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    count: usize,
}

impl Semaphore {
    /// More permits than that do not fit.
    ///
    /// ```
    /// assert!(sisal_sync::Semaphore::MAX_PERMITS >= 1 << 28);
    /// ```
    pub const MAX_PERMITS: usize = usize::MAX >> 3;

    const_new! {
        /// A semaphore with so many permits.
        ///
        /// # Panics
        /// If `permits` is above [`MAX_PERMITS`](Self::MAX_PERMITS).
        ///
        /// ```
        /// static CONNECTIONS: sisal_sync::Semaphore = sisal_sync::Semaphore::new(100);
        /// let _permit = CONNECTIONS.acquire();
        /// ```
        pub const fn new(permits: usize) -> Semaphore {
            assert!(permits <= Self::MAX_PERMITS, "permits beyond `Semaphore::MAX_PERMITS`");
            Semaphore { gate: Gate::new((permits as u64) << RULE_SHIFT) }
        }
    }

    /// Waits for a permit.
    ///
    /// ```
    /// let semaphore = sisal_sync::Semaphore::new(1);
    /// let _permit = semaphore.acquire();
    /// assert_eq!(semaphore.available(), 0);
    /// ```
    #[inline]
    pub fn acquire(&self) -> SemaphorePermit<'_> {
        self.acquire_many(1)
    }

    /// Waits for so many permits at once. Those who come later wait meanwhile, also for fewer.
    ///
    /// ```
    /// let semaphore = sisal_sync::Semaphore::new(3);
    /// let _permits = semaphore.acquire_many(2);
    /// assert_eq!(semaphore.available(), 1);
    /// ```
    #[inline]
    pub fn acquire_many(&self, count: usize) -> SemaphorePermit<'_> {
        sisal_park::spend();
        if !self.gate.try_enter(checked(count)) {
            self.wait(count, None);
        }
        SemaphorePermit { semaphore: self, count }
    }

    /// A permit, if that needs no wait.
    ///
    /// ```
    /// assert!(sisal_sync::Semaphore::new(0).try_acquire().is_none());
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> Option<SemaphorePermit<'_>> {
        self.try_acquire_many(1)
    }

    /// So many permits, if that needs no wait.
    ///
    /// ```
    /// assert!(sisal_sync::Semaphore::new(2).try_acquire_many(3).is_none());
    /// ```
    #[inline]
    pub fn try_acquire_many(&self, count: usize) -> Option<SemaphorePermit<'_>> {
        let entered = self.gate.try_enter(checked(count));
        if !entered {
            // A loop that polls must give way.
            sisal_park::spend();
        }
        entered.then(|| SemaphorePermit { semaphore: self, count })
    }

    /// A permit, or nothing after `timeout`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// assert!(sisal_sync::Semaphore::new(0).try_acquire_for(Duration::from_millis(1)).is_none());
    /// ```
    pub fn try_acquire_for(&self, timeout: Duration) -> Option<SemaphorePermit<'_>> {
        self.acquire_until(1, deadline_after(timeout))
    }

    /// A permit, or nothing at `deadline`.
    ///
    /// ```
    /// # use std::time::Instant;
    /// assert!(sisal_sync::Semaphore::new(0).try_acquire_until(Instant::now()).is_none());
    /// ```
    pub fn try_acquire_until(&self, deadline: Instant) -> Option<SemaphorePermit<'_>> {
        self.acquire_until(1, Some(deadline))
    }

    /// So many permits, or nothing after `timeout`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// assert!(sisal_sync::Semaphore::new(1).try_acquire_many_for(2, Duration::from_millis(1)).is_none());
    /// ```
    pub fn try_acquire_many_for(&self, count: usize, timeout: Duration) -> Option<SemaphorePermit<'_>> {
        self.acquire_until(count, deadline_after(timeout))
    }

    /// So many permits, or nothing at `deadline`.
    ///
    /// ```
    /// # use std::time::Instant;
    /// assert!(sisal_sync::Semaphore::new(1).try_acquire_many_until(2, Instant::now()).is_none());
    /// ```
    pub fn try_acquire_many_until(&self, count: usize, deadline: Instant) -> Option<SemaphorePermit<'_>> {
        self.acquire_until(count, Some(deadline))
    }

    fn acquire_until(&self, count: usize, deadline: Option<Instant>) -> Option<SemaphorePermit<'_>> {
        let entered = self.gate.try_enter(checked(count)) || self.wait(count, deadline);
        entered.then(|| SemaphorePermit { semaphore: self, count })
    }

    #[cold]
    fn wait(&self, count: usize, deadline: Option<Instant>) -> bool {
        let reason = Reason::Semaphore(self.gate.address());
        with_current(|agent| self.gate.enter_slow(agent, count, deadline, reason))
    }

    /// Makes so many permits more.
    ///
    /// # Panics
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS) then.
    ///
    /// ```
    /// let semaphore = sisal_sync::Semaphore::new(0);
    /// semaphore.add_permits(2);
    /// assert_eq!(semaphore.available(), 2);
    /// ```
    pub fn add_permits(&self, count: usize) {
        let count = checked(count);
        self.gate.leave(false, |word| {
            let word = Permits::leave(word, count);
            assert!(
                word >> RULE_SHIFT <= Self::MAX_PERMITS as u64,
                "permits beyond `Semaphore::MAX_PERMITS`"
            );
            word
        });
    }

    /// How many permits are free right now.
    ///
    /// ```
    /// assert_eq!(sisal_sync::Semaphore::new(5).available(), 5);
    /// ```
    pub fn available(&self) -> usize {
        (self.gate.word() >> RULE_SHIFT) as usize
    }
}

#[inline]
fn checked(count: usize) -> usize {
    assert!(count <= Semaphore::MAX_PERMITS, "permits beyond `Semaphore::MAX_PERMITS`");
    count
}

impl SemaphorePermit<'_> {
    /// How many permits these are.
    ///
    /// ```
    /// assert_eq!(sisal_sync::Semaphore::new(1).acquire().count(), 1);
    /// ```
    pub fn count(&self) -> usize {
        self.count
    }

    /// Never gives them back.
    ///
    /// ```
    /// let semaphore = sisal_sync::Semaphore::new(1);
    /// semaphore.acquire().forget();
    /// assert_eq!(semaphore.available(), 0);
    /// ```
    pub fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for SemaphorePermit<'_> {
    #[inline]
    fn drop(&mut self) {
        let count = if fault!("semaphore.drop.gives_one") { 1 } else { self.count };
        self.semaphore.gate.leave(false, |word| Permits::leave(word, count));
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore").field("available", &self.available()).finish()
    }
}
