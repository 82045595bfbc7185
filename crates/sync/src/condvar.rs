//! The condition variable: waits, with a mutex unlocked, for a notice from who changes what the mutex guards.
//!
//! Knows nothing of the condition. Everything about lines and calls is in `line.rs`.
//!
//! Invariants:
//! 1. A waiter stands in the line before its mutex is unlocked. So a notice by anybody who has locked that mutex since finds it.
//! 2. A waiter that was notified returns, also when its deadline or a cancel comes at the same time: a notice is used up by
//!    one who returns, or it was not given.
//! 3. All who stand in the line came with the same mutex, whose address the line's lock guards: two mutexes at once guard
//!    nothing from each other, so that is a mistake, and caught.
//!
//! Race, *notice before sleep*: A stands in the line, unlocks, and is about to park. B locks, changes, notifies: takes A out
//! of the line, wakes it. A's park finds the token and returns at once.
//!
//! The road not taken: moving those who are notified from here to the mutex's line, so that they do not all wake up to find
//! it locked. On fibers, which run one after another, it gains nothing.

use crate::line::{Crowd, Inside, deadline_after};
use crate::mutex::RawMutex;
use crate::mutex_guard::MutexGuard;
use sisal_base::sync::SpinGuard;
use sisal_base::{const_new, fault};
use sisal_park::{Agent, Cancellable, Outcome, Reason, with_current};
use std::fmt;
use std::time::{Duration, Instant};

/// Waits for a notice while a [`Mutex`](crate::Mutex) is unlocked.
///
/// It may be used with another mutex once nobody waits; while somebody does, it belongs to that one's mutex. A wait may end without a notice: once when its fiber is cancelled, so it
/// stands in a loop, or is one of the `wait_while` forms.
///
/// ```
/// use sisal_sync::{Condvar, Mutex};
/// let (ready, changed) = (Mutex::new(false), Condvar::new());
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         *ready.lock() = true;
///         changed.notify_one();
///     });
///     changed.wait_while(&mut ready.lock(), |ready| !*ready);
/// });
/// assert!(ready.into_inner());
/// ```
pub struct Condvar {
    /// With the address of the mutex of those who wait.
    crowd: Crowd<usize>,
}

/// Whether a wait has ended at its deadline.
///
/// ```
/// # use sisal_sync::{Condvar, Mutex};
/// # use std::time::Duration;
/// let result = Condvar::new().wait_for(&mut Mutex::new(()).lock(), Duration::from_millis(1));
/// assert!(result.timed_out());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the deadline came first.
    ///
    /// ```
    /// # use sisal_sync::{Condvar, Mutex};
    /// # use std::time::Instant;
    /// let result = Condvar::new().wait_until(&mut Mutex::new(()).lock(), Instant::now());
    /// assert!(result.timed_out());
    /// ```
    pub fn timed_out(self) -> bool {
        self.0
    }
}

/// Locks the mutex of a wait again, however the wait ends.
struct Relock<'a>(&'a RawMutex);

impl Drop for Relock<'_> {
    fn drop(&mut self) {
        self.0.lock();
    }
}

impl Condvar {
    const_new! {
        /// Nobody waits.
        ///
        /// ```
        /// static CHANGED: sisal_sync::Condvar = sisal_sync::Condvar::new();
        /// assert!(!CHANGED.notify_one());
        /// ```
        pub const fn new() -> Condvar {
            Condvar { crowd: Crowd::new(0) }
        }
    }

    /// Unlocks the mutex, waits for a notice, and locks the mutex again.
    ///
    /// # Panics
    /// This and every other wait: if somebody waits with another mutex.
    ///
    /// ```
    /// # use sisal_sync::{Condvar, Mutex};
    /// let (turn, changed) = (Mutex::new(0), Condvar::new());
    /// std::thread::scope(|scope| {
    ///     let mut guard = turn.lock();
    ///     scope.spawn(|| {
    ///         *turn.lock() = 1;
    ///         changed.notify_all();
    ///     });
    ///     while *guard == 0 {
    ///         changed.wait(&mut guard);
    ///     }
    /// });
    /// ```
    pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
        let _ = self.wait_raw(guard.raw(), None);
    }

    /// [`wait`](Self::wait), until `deadline` at the longest.
    ///
    /// ```
    /// # use sisal_sync::{Condvar, Mutex};
    /// # use std::time::Instant;
    /// let mutex = Mutex::new(());
    /// assert!(Condvar::new().wait_until(&mut mutex.lock(), Instant::now()).timed_out());
    /// ```
    pub fn wait_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        WaitTimeoutResult(self.wait_raw(guard.raw(), Some(deadline)) == Outcome::TimedOut)
    }

    /// [`wait`](Self::wait), for `timeout` at the longest.
    ///
    /// ```
    /// # use sisal_sync::{Condvar, Mutex};
    /// # use std::time::Duration;
    /// let mutex = Mutex::new(());
    /// assert!(Condvar::new().wait_for(&mut mutex.lock(), Duration::from_millis(1)).timed_out());
    /// ```
    pub fn wait_for<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, timeout: Duration) -> WaitTimeoutResult {
        WaitTimeoutResult(self.wait_raw(guard.raw(), deadline_after(timeout)) == Outcome::TimedOut)
    }

    /// [`wait_for`](Self::wait_for), under std's name.
    ///
    /// ```
    /// # use sisal_sync::{Condvar, Mutex};
    /// # use std::time::Duration;
    /// let mutex = Mutex::new(());
    /// assert!(Condvar::new().wait_timeout(&mut mutex.lock(), Duration::from_millis(1)).timed_out());
    /// ```
    pub fn wait_timeout<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        self.wait_for(guard, timeout)
    }

    /// Waits as long as `condition` holds.
    ///
    /// ```
    /// # use sisal_sync::{Condvar, Mutex};
    /// let mutex = Mutex::new(3);
    /// Condvar::new().wait_while(&mut mutex.lock(), |count| *count == 0);
    /// ```
    pub fn wait_while<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) {
        while condition(guard) {
            self.wait(guard);
        }
    }

    /// Waits as long as `condition` holds, until `deadline` at the longest. The result says whether it still holds then.
    ///
    /// ```
    /// # use sisal_sync::{Condvar, Mutex};
    /// # use std::time::Instant;
    /// let mutex = Mutex::new(0);
    /// let result = Condvar::new().wait_while_until(&mut mutex.lock(), |count| *count == 0, Instant::now());
    /// assert!(result.timed_out());
    /// ```
    pub fn wait_while_until<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
        deadline: Instant,
    ) -> WaitTimeoutResult {
        self.wait_while_raw(guard, condition, Some(deadline))
    }

    /// Waits as long as `condition` holds, for `timeout` at the longest. The result says whether it still holds then.
    ///
    /// ```
    /// # use sisal_sync::{Condvar, Mutex};
    /// # use std::time::Duration;
    /// let mutex = Mutex::new(1);
    /// let result = Condvar::new().wait_while_for(&mut mutex.lock(), |count| *count == 0, Duration::ZERO);
    /// assert!(!result.timed_out());
    /// ```
    pub fn wait_while_for<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        condition: impl FnMut(&mut T) -> bool,
        timeout: Duration,
    ) -> WaitTimeoutResult {
        self.wait_while_raw(guard, condition, deadline_after(timeout))
    }

    fn wait_while_raw<T: ?Sized>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
        deadline: Option<Instant>,
    ) -> WaitTimeoutResult {
        let mut timed_out = false;
        while condition(guard) {
            if timed_out {
                return WaitTimeoutResult(true);
            }
            timed_out = self.wait_raw(guard.raw(), deadline) == Outcome::TimedOut;
        }
        WaitTimeoutResult(false)
    }

    fn wait_raw(&self, mutex: &RawMutex, deadline: Option<Instant>) -> Outcome {
        with_current(|agent| self.stand(agent, mutex, deadline))
    }

    fn stand(&self, agent: &dyn Agent, mutex: &RawMutex, deadline: Option<Instant>) -> Outcome {
        let how = (deadline, Reason::Condvar((&raw const *self).addr()), Cancellable::Once);
        if fault!("condvar.wait.unlocks_first") {
            let _relock = Relock(mutex);
            mutex.unlock();
            return self.crowd.wait(agent, self.crowd.lock(), how, || ());
        }
        let inside = self.claim(mutex);
        let _relock = Relock(mutex);
        self.crowd.wait(agent, inside, how, || mutex.unlock())
    }

    /// Locks the line for one more who waits with `mutex`.
    fn claim(&self, mutex: &RawMutex) -> SpinGuard<'_, Inside<usize>> {
        let mut inside = self.crowd.lock();
        let own = (&raw const *mutex).addr();
        if !inside.is_empty() && inside.state != own {
            drop(inside);
            panic!("a condition variable has waiters with two mutexes");
        }
        inside.state = own;
        inside
    }

    /// Ends the wait of the one who waits longest; `false` if nobody waits.
    ///
    /// ```
    /// assert!(!sisal_sync::Condvar::new().notify_one());
    /// ```
    pub fn notify_one(&self) -> bool {
        self.crowd.call_one(self.crowd.lock())
    }

    /// Ends the waits of all who wait now, and tells how many.
    ///
    /// ```
    /// assert_eq!(sisal_sync::Condvar::new().notify_all(), 0);
    /// ```
    pub fn notify_all(&self) -> usize {
        self.crowd.call_all(self.crowd.lock())
    }
}

impl Default for Condvar {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}
