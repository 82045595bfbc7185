//! The barrier: nobody goes on before all have come.
//!
//! Knows nothing of what they do. The race between two rounds of one barrier is told in `line.rs`.

use crate::line::Crowd;
use sisal_base::const_new;
use sisal_park::{Cancellable, Outcome, Reason, with_current};
use std::fmt;

/// Lets a fixed number of fibers and threads wait for one another, round after round. The wait is never cancelled.
///
/// ```
/// use sisal_sync::Barrier;
/// let barrier = Barrier::new(3);
/// std::thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| barrier.wait());
///     }
///     barrier.wait();
///     // All three have come.
/// });
/// ```
pub struct Barrier {
    size: usize,
    /// How many have come in this round.
    crowd: Crowd<usize>,
}

/// What a [`Barrier`] tells each of those who have come.
///
/// ```
/// assert!(sisal_sync::Barrier::new(1).wait().is_leader());
/// ```
#[derive(Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether this one came last: one a round.
    ///
    /// ```
    /// assert!(sisal_sync::Barrier::new(1).wait().is_leader());
    /// ```
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl Barrier {
    const_new! {
        /// A barrier for `size` of them. With a size of 0 or 1, nobody waits.
        ///
        /// ```
        /// static BARRIER: sisal_sync::Barrier = sisal_sync::Barrier::new(1);
        /// BARRIER.wait();
        /// ```
        pub const fn new(size: usize) -> Barrier {
            Barrier { size, crowd: Crowd::new(0) }
        }
    }

    /// Waits until all have come. The barrier can be used again after that.
    ///
    /// ```
    /// let barrier = sisal_sync::Barrier::new(2);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| barrier.wait());
    ///     barrier.wait();
    /// });
    /// ```
    pub fn wait(&self) -> BarrierWaitResult {
        let mut inside = self.crowd.lock();
        inside.state += 1;
        if inside.state >= self.size {
            inside.state = 0;
            self.crowd.call_all(inside);
            return BarrierWaitResult(true);
        }
        let how = (None, Reason::Barrier((&raw const *self).addr()), Cancellable::Never);
        let outcome = with_current(|agent| self.crowd.wait(agent, inside, how, || ()));
        debug_assert_eq!(outcome, Outcome::Woken, "neither a deadline nor a cancel ends this wait");
        BarrierWaitResult(false)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}
