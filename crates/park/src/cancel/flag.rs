//! A flag that is raised once, and the list of those who are told.
//!
//! Knows nothing of frames, tokens or why it is raised. See `mod.rs` for the protocol.
//!
//! Flags are counted by `std`'s `Arc`, since loom's has no `Weak`; the count orders nothing here that the lock does not.

use crate::{Ticket, WakeBatch, Waker};
use sisal_base::list::{Linked, Links, List};
use sisal_base::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use sisal_base::sync::{SpinLock, UnsafeCell};
use sisal_base::{const_new, fault, ordering};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Weak};

/// Raised once, never lowered.
pub struct CancelFlag {
    raised: AtomicBool,
    listeners: SpinLock<List<Listener>>,
    /// What tells it when another is outermost beside it. Of the agent alone in whose `root` it stands; stale otherwise.
    pub(super) beside: AtomicPtr<Listener>,
}

impl CancelFlag {
    const_new! {
        /// A flag that is not raised.
        pub const fn new() -> CancelFlag {
            CancelFlag {
                raised: AtomicBool::new(false),
                listeners: SpinLock::new(List::new()),
                beside: AtomicPtr::new(ptr::null_mut()),
            }
        }
    }

    /// Whether it is raised. What was done before that is then visible.
    #[inline]
    pub fn is_raised(&self) -> bool {
        // Acquire: pairs with the Release in `raise_alone`.
        self.raised.load(ordering!(Acquire, "cancel.is_raised.relaxed" => Relaxed))
    }

    /// Whether nobody is to be told.
    pub(super) fn has_no_listeners(&self) -> bool {
        self.listeners.lock().is_empty()
    }

    /// Raises it, and every flag below it, and wakes all who wait there. `false` if it was raised before.
    pub fn raise(&self) -> bool {
        let mut below = Vec::new();
        if !self.raise_alone(&mut below) {
            return false;
        }
        // Not by recursion: a tree of scopes may be deeper than a fiber's stack.
        while let Some(flag) = below.pop() {
            flag.raise_alone(&mut below);
        }
        true
    }

    /// Raises it and wakes who waits; what is left to raise is put into `below`.
    fn raise_alone(&self, below: &mut Vec<Arc<CancelFlag>>) -> bool {
        if fault!("cancel.raise.list_first") {
            self.tell(below);
            return !self.raised.swap(true, Ordering::Release);
        }
        // Release: pairs with the Acquire in `is_raised`.
        if self.raised.swap(true, Ordering::Release) {
            return false;
        }
        self.tell(below);
        true
    }

    fn tell(&self, below: &mut Vec<Arc<CancelFlag>>) {
        loop {
            let mut batch = WakeBatch::new();
            let mut more = false;
            {
                let mut listeners = self.listeners.lock();
                while let Some(node) = listeners.front() {
                    if !batch.has_room() || below.len() == below.capacity() {
                        more = true;
                        break;
                    }
                    listeners.pop_front();
                    // SAFETY: it was linked, so it lives, and it stays as long as we hold the lock (invariant 2).
                    let target =
                        unsafe { node.as_ref() }.target.with_mut(|target| unsafe { (*target).take() });
                    match target {
                        Some(Target::Agent(waker)) => batch.push(waker),
                        // SAFETY: the ticket lives as long as the listener is linked, which it was under this lock.
                        Some(Target::Arm(waker, ticket, arm)) if unsafe { ticket.as_ref() }.claim(arm) => {
                            batch.push(waker);
                        }
                        Some(Target::Flag(flag)) => below.extend(flag.upgrade()),
                        _ => {}
                    }
                }
            }
            batch.wake_all();
            if !more {
                return;
            }
            // Outside the lock.
            below.reserve(WakeBatch::CAPACITY);
        }
    }
}

impl Default for CancelFlag {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CancelFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelFlag").field("raised", &self.is_raised()).finish_non_exhaustive()
    }
}

/// Who is told.
pub(super) enum Target {
    /// An agent that waits, or is about to.
    Agent(Waker),
    /// A select, as whose arm of that number it is claimed.
    Arm(Waker, NonNull<Ticket>, usize),
    /// A flag below.
    Flag(Weak<CancelFlag>),
}

/// A place in the list of a flag, on the stack (or in the block) of who listens.
pub struct Listener {
    links: Links<Listener>,
    /// Its owner's as long as it is not linked, the flag's from then on.
    target: UnsafeCell<Option<Target>>,
    /// The owner's alone: where it listens.
    flag: RefCell<Option<Arc<CancelFlag>>>,
    _pinned: PhantomPinned,
}

// SAFETY: the link under which the flag finds it; a field of the node.
unsafe impl Linked for Listener {
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: the caller's promise that `node` lives.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

// SAFETY: others reach the links and the target alone, under the flag's lock (invariant 2); a waker may go to any thread, and a
// ticket is atomic. The rest goes with its owner.
unsafe impl Send for Listener {}

impl Listener {
    /// Listens to nothing yet.
    pub fn new() -> Self {
        let (links, target) = (Links::new(), UnsafeCell::new(None));
        Self { links, target, flag: RefCell::new(None), _pinned: PhantomPinned }
    }

    /// Whether it has entered a flag's list, and may stand there still.
    #[inline]
    pub(super) fn is_listening(&self) -> bool {
        self.flag.borrow().is_some()
    }

    /// Where it listens, or has listened until that was raised.
    pub(super) fn flag(&self) -> Option<Arc<CancelFlag>> {
        self.flag.borrow().clone()
    }

    /// Enters the list of `flag`; `false`, and into no list, if that is raised already.
    pub(super) fn listen(self: Pin<&Self>, flag: &Arc<CancelFlag>, target: Target) -> bool {
        debug_assert!(!self.is_listening());
        // SAFETY: not linked: the owner's.
        self.target.with_mut(|slot| unsafe { *slot = Some(target) });
        {
            let mut listeners = flag.listeners.lock();
            // Invariant 3. (The lock orders it: a plain look would do.)
            if !flag.is_raised() || fault!("cancel.listen.no_look") {
                // SAFETY: linked nowhere else; pinned, and its drop takes it out of the list.
                unsafe { listeners.push_back(NonNull::from(self.get_ref())) };
                drop(listeners);
                *self.flag.borrow_mut() = Some(Arc::clone(flag));
                return true;
            }
        }
        // SAFETY: not linked: the owner's.
        self.target.with_mut(|slot| unsafe { *slot = None });
        false
    }

    /// Listens no more. When it returns, who raises the flag does not touch the listener any more.
    pub(super) fn leave(&self) {
        let Some(flag) = self.flag.borrow_mut().take() else { return };
        // SAFETY: in that list, or taken out of it.
        unsafe { flag.listeners.lock().remove(NonNull::from(self)) };
        // SAFETY: not linked, and whoever took it out was done before the lock came free: the owner's.
        self.target.with_mut(|slot| unsafe { *slot = None });
    }
}

impl Default for Listener {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("listening", &self.is_listening()).finish_non_exhaustive()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    fn listening(upper: &Arc<CancelFlag>, lower: &Arc<CancelFlag>) -> Pin<Box<Listener>> {
        let listener = Box::pin(Listener::new());
        assert!(listener.as_ref().listen(upper, Target::Flag(Arc::downgrade(lower))));
        listener
    }

    #[test]
    fn whoever_listens_is_told_and_whoever_has_left_is_not() {
        let (flag, stays, leaves) = (Arc::default(), Arc::default(), Arc::default());
        let _kept = listening(&flag, &stays);
        drop(listening(&flag, &leaves));
        assert!(flag.raise() && !flag.raise());
        assert!(stays.is_raised() && !leaves.is_raised());
    }

    #[test]
    fn who_comes_late_sees_it() {
        let flag = Arc::new(CancelFlag::new());
        flag.raise();
        let late = pin!(Listener::new());
        assert!(!late.as_ref().listen(&flag, Target::Flag(Weak::new())));
    }

    #[test]
    fn a_tree_deeper_than_any_stack_and_wider_than_any_batch_is_raised() {
        let flags: Vec<Arc<CancelFlag>> = (0..100_000).map(|_| Arc::default()).collect();
        let _deep: Vec<_> = flags.windows(2).map(|pair| listening(&pair[0], &pair[1])).collect();
        let leaves: Vec<Arc<CancelFlag>> = (0..1_000).map(|_| Arc::default()).collect();
        let _wide: Vec<_> = leaves.iter().map(|leaf| listening(&flags[50_000], leaf)).collect();
        flags[0].raise();
        assert!(flags.iter().chain(&leaves).all(|flag| flag.is_raised()));
    }
}
