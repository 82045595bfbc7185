//! The inbox: where others put nodes for one worker.
//!
//! Knows nothing of the worker, nor of how it is woken.
//!
//! ```text
//!   newest ──▶ node C ──▶ node B ──▶ node A ──▶ ╳        take_all:  A, B, C as a Chain, newest => null
//! ```
//!
//! | transition | who | change |
//! |---|---|---|
//! | push | anybody | newest => node, whose link points to the newest before it; CAS |
//! | take all | the inbox's worker, or the monitor while a fiber holds that one | newest => null; one swap |
//!
//! Invariants:
//! 1. A node behind `newest` stands in this inbox alone, lives, and its link is not written: [`Chained`]'s promises.
//! 2. Nodes leave all at once, so a link that a push has read cannot have become stale when its CAS succeeds (no ABA).
//!
//! Orderings: push is a Release, pairs with the Acquire in take all: the taker sees the link and what the pusher wrote
//! before. Each is an RMW, so the Acquire of the newest push is an Acquire of those below it.
//!
//! The road not taken: a queue with a node of its own and an exchange a push (Vyukov), which never fails a CAS but shows a
//! gap while a pusher is interrupted; and the taker wants all at once anyway.

use crate::chain::{Chain, Chained, set_next};
use sisal_base::sync::atomic::{AtomicPtr, Ordering};
use sisal_base::{const_new, fault, ordering};
use std::fmt;
use std::ptr::{self, NonNull};

/// A place for nodes from any thread, taken all at once in the order of their pushes.
pub struct Inbox<T: Chained> {
    newest: AtomicPtr<T>,
}

impl<T: Chained> Inbox<T> {
    const_new! {
        /// An empty inbox.
        pub const fn new() -> Inbox<T> {
            Inbox { newest: AtomicPtr::new(ptr::null_mut()) }
        }
    }

    /// Puts `node` behind all others. This is the caller's last touch of it.
    ///
    /// # Safety
    /// `node` stands in no chain or inbox, lives and stays in place until it has been popped from the chain it is taken
    /// with, and may be used by the thread that takes it.
    #[inline]
    pub unsafe fn push(&self, node: NonNull<T>) {
        let mut newest = self.newest.load(Ordering::Relaxed);
        loop {
            // SAFETY: the caller's promise; the node is nobody else's until the CAS succeeds.
            unsafe { set_next(node, NonNull::new(newest)) };
            if fault!("inbox.push.no_cas") {
                self.newest.swap(node.as_ptr(), Ordering::AcqRel);
                return;
            }
            // newest => node. Release: pairs with the Acquire in `take_all`.
            let release = ordering!(Release, "inbox.push.release" => Relaxed);
            match self.newest.compare_exchange_weak(newest, node.as_ptr(), release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) => newest = seen,
            }
        }
    }

    /// Takes all nodes, the one pushed first in front.
    #[inline]
    pub fn take_all(&self) -> Chain<T> {
        // newest => null. Acquire: pairs with the Release in `push`.
        let acquire = ordering!(Acquire, "inbox.take.acquire" => Relaxed);
        let newest = if fault!("inbox.take.load_store") {
            let newest = self.newest.load(Ordering::Acquire);
            self.newest.store(ptr::null_mut(), Ordering::Relaxed);
            newest
        } else {
            self.newest.swap(ptr::null_mut(), acquire)
        };
        // SAFETY: invariant 1: the nodes have left the inbox and stand in no chain yet.
        unsafe { Chain::from_stack(NonNull::new(newest)) }
    }

    /// Whether there is no node: one relaxed load.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.newest.load(Ordering::Relaxed).is_null()
    }
}

impl<T: Chained> Default for Inbox<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Chained> fmt::Debug for Inbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("is_empty", &self.is_empty()).finish()
    }
}
