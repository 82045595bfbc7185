//! A notice without a condition or a mutex: wakes who waits, or is kept for the next who does.
//!
//! Knows nothing of what the notice is about. Everything about lines and calls is in `line.rs`.
//!
//! The crowd's state is whether a notice is kept. Invariant: none is kept while somebody waits.

use crate::line::{Crowd, deadline_after};
use sisal_base::const_new;
use sisal_park::{Cancellable, Outcome, Reason, with_current};
use std::fmt;
use std::time::{Duration, Instant};

/// Tells those who wait that something has happened.
///
/// [`notify_one`](Self::notify_one) is kept if nobody waits, once; [`notify_all`](Self::notify_all) reaches only who waits now.
/// A cancelled fiber's wait may return once without a notice.
///
/// ```
/// use sisal_sync::Notify;
/// static READY: Notify = Notify::new();
/// std::thread::scope(|scope| {
///     scope.spawn(|| READY.notify_one());
///     READY.wait();
/// });
/// ```
pub struct Notify {
    crowd: Crowd<bool>,
}

impl Notify {
    const_new! {
        /// Nobody waits, and no notice is kept.
        ///
        /// ```
        /// static READY: sisal_sync::Notify = sisal_sync::Notify::new();
        /// READY.notify_all();
        /// ```
        pub const fn new() -> Notify {
            Notify { crowd: Crowd::new(false) }
        }
    }

    /// Wakes the one who waits longest. If nobody waits, the next one will not; a second notice changes nothing then.
    ///
    /// ```
    /// let notify = sisal_sync::Notify::new();
    /// notify.notify_one();
    /// notify.wait();
    /// ```
    pub fn notify_one(&self) {
        let mut inside = self.crowd.lock();
        if inside.is_empty() {
            inside.state = true;
        } else {
            self.crowd.call_one(inside);
        }
    }

    /// Wakes all who wait now, and tells how many.
    ///
    /// ```
    /// assert_eq!(sisal_sync::Notify::new().notify_all(), 0);
    /// ```
    pub fn notify_all(&self) -> usize {
        self.crowd.call_all(self.crowd.lock())
    }

    /// Waits for a notice, or takes the one that was kept.
    ///
    /// ```
    /// let notify = sisal_sync::Notify::new();
    /// notify.notify_one();
    /// notify.wait();
    /// ```
    pub fn wait(&self) {
        self.wait_raw(None);
    }

    /// [`wait`](Self::wait), for `timeout` at the longest; `false` if no notice came.
    ///
    /// ```
    /// # use std::time::Duration;
    /// assert!(!sisal_sync::Notify::new().wait_timeout(Duration::from_millis(1)));
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        self.wait_raw(deadline_after(timeout))
    }

    /// [`wait`](Self::wait), until `deadline` at the longest; `false` if no notice came.
    ///
    /// ```
    /// # use std::time::Instant;
    /// assert!(!sisal_sync::Notify::new().wait_until(Instant::now()));
    /// ```
    pub fn wait_until(&self, deadline: Instant) -> bool {
        self.wait_raw(Some(deadline))
    }

    fn wait_raw(&self, deadline: Option<Instant>) -> bool {
        let mut inside = self.crowd.lock();
        if std::mem::take(&mut inside.state) {
            return true;
        }
        let how = (deadline, Reason::Notify((&raw const *self).addr()), Cancellable::Once);
        with_current(|agent| self.crowd.wait(agent, inside, how, || ())) == Outcome::Woken
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify").finish_non_exhaustive()
    }
}
