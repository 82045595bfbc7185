//! The wait group: waits until all clones but one's own are gone.
//!
//! Knows nothing of what the others do meanwhile.
//!
//! | count | means | moved by |
//! |---|---|---|
//! | n > 0 | so many handles that do not wait | `clone`: +1; `wait` and `drop`: -1 |
//! | 0 | over, for ever: no handle is left that could be cloned | |
//!
//! Race, *last one out*: A finds 1 under the line's lock and stands in it. B makes it 0 and then takes the lock: it finds A. Had
//! B taken the lock first, A would have found 0.

use crate::line::Crowd;
use sisal_base::ordering;
use sisal_base::sync::Arc;
use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use sisal_park::{Cancellable, Reason, with_current};
use std::fmt;

/// Waits until all its clones are dropped.
///
/// ```
/// use sisal_sync::WaitGroup;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// static DONE: AtomicU32 = AtomicU32::new(0);
/// let group = WaitGroup::new();
/// for _ in 0..4 {
///     let group = group.clone();
///     std::thread::spawn(move || {
///         DONE.fetch_add(1, Ordering::Relaxed);
///         drop(group);
///     });
/// }
/// group.wait();
/// assert_eq!(DONE.load(Ordering::Relaxed), 4);
/// ```
pub struct WaitGroup {
    shared: Arc<Shared>,
}

struct Shared {
    count: AtomicUsize,
    crowd: Crowd<()>,
}

impl Shared {
    /// One handle less; wakes those who wait, if it was the last.
    fn done(&self) {
        // Release: pairs with the Acquire in `is_over`. Acquire: the last one's call passes on what all others did.
        let before = self.count.fetch_sub(1, ordering!(AcqRel, "wait_group.done.relaxed" => Relaxed));
        if before == 1 {
            self.crowd.call_all(self.crowd.lock());
        }
    }

    fn is_over(&self) -> bool {
        // Acquire: pairs with the Release in `done`.
        self.count.load(ordering!(Acquire, "wait_group.is_over.relaxed" => Relaxed)) == 0
    }
}

impl WaitGroup {
    /// A group with one handle.
    ///
    /// ```
    /// sisal_sync::WaitGroup::new().wait();
    /// ```
    pub fn new() -> Self {
        Self { shared: Arc::new(Shared { count: AtomicUsize::new(1), crowd: Crowd::new(()) }) }
    }

    /// Drops this handle and waits until all others are dropped, or wait as well.
    ///
    /// ```
    /// let group = sisal_sync::WaitGroup::new();
    /// let other = group.clone();
    /// std::thread::spawn(move || drop(other));
    /// group.wait();
    /// ```
    pub fn wait(self) {
        let shared = Arc::clone(&self.shared);
        drop(self);
        while !shared.is_over() {
            let inside = shared.crowd.lock();
            if shared.is_over() {
                return;
            }
            let reason = Reason::WaitGroup(Arc::as_ptr(&shared).addr());
            let how = (None, reason, Cancellable::Never);
            let _ = with_current(|agent| shared.crowd.wait(agent, inside, how, || ()));
        }
    }
}

impl Default for WaitGroup {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for WaitGroup {
    fn clone(&self) -> Self {
        // Relaxed: this handle keeps the count above 0.
        self.shared.count.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl Drop for WaitGroup {
    fn drop(&mut self) {
        self.shared.done();
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.shared.count.load(Ordering::Relaxed);
        f.debug_struct("WaitGroup").field("count", &count).finish()
    }
}
