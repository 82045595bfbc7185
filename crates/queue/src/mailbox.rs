//! The mailbox: what others may touch of a worker.
//!
//! Knows nothing of the worker. The inbox and the sleeper stand on cache lines of their own: the one is written by
//! whoever wakes a fiber of this worker, the other is read by whoever has work to offer.

use crate::{Chained, Inbox, Sleeper};
use sisal_base::{CachePadded, const_new};
use std::fmt;

/// A worker's [`Inbox`] and its [`Sleeper`].
pub struct Mailbox<T: Chained> {
    inbox: CachePadded<Inbox<T>>,
    sleeper: CachePadded<Sleeper>,
}

impl<T: Chained> Mailbox<T> {
    const_new! {
        /// The empty mailbox of a worker that is awake.
        pub const fn new() -> Mailbox<T> {
            Mailbox { inbox: CachePadded::new(Inbox::new()), sleeper: CachePadded::new(Sleeper::new()) }
        }
    }

    /// Where to put what this worker alone may run.
    #[inline(always)]
    pub fn inbox(&self) -> &Inbox<T> {
        &self.inbox
    }

    /// Whether it sleeps, and how to wake it.
    #[inline(always)]
    pub fn sleeper(&self) -> &Sleeper {
        &self.sleeper
    }
}

impl<T: Chained> Default for Mailbox<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Chained> fmt::Debug for Mailbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("inbox", &*self.inbox).field("sleeper", &*self.sleeper).finish()
    }
}
