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
    listeners: SpinLock<Listeners>,
    /// What tells it when another is outermost beside it. Of the agent alone in whose `root` it stands; stale otherwise.
    pub(super) beside: AtomicPtr<Listener>,
}

/// Who is told.
struct Listeners {
    /// The flags below.
    flags: List<Listener>,
    /// Agents that wait, and arms of selects.
    waiters: List<Listener>,
}

impl CancelFlag {
    const_new! {
        /// A flag that is not raised.
        pub const fn new() -> CancelFlag {
            CancelFlag {
                raised: AtomicBool::new(false),
                listeners: SpinLock::new(Listeners { flags: List::new(), waiters: List::new() }),
                beside: AtomicPtr::new(ptr::null_mut()),
            }
        }
    }

    /// Whether it is raised. What was done before that is then visible.
    #[inline]
    pub fn is_raised(&self) -> bool {
        // Acquire: pairs with the Release in `set`.
        self.raised.load(ordering!(Acquire, "cancel.is_raised.relaxed" => Relaxed))
    }

    /// Whether nobody is to be told.
    pub(super) fn has_no_listeners(&self) -> bool {
        let listeners = self.listeners.lock();
        listeners.flags.is_empty() && listeners.waiters.is_empty()
    }

    /// Raises it, and every flag below it, and wakes all who wait there. `false` if it was raised before.
    ///
    /// The lowest are raised first: whoever sees a flag raised sees those below it raised, too, but for such as have come below
    /// it while it was being raised.
    pub fn raise(&self) -> bool {
        let mut late = Vec::new();
        let is_first = self.raise_with(&mut late);
        while let Some(flag) = late.pop() {
            flag.raise_with(&mut late);
        }
        is_first
    }

    /// [`raise`](Self::raise); what was below it, of which some that came late may be left to raise, is put into `late`.
    fn raise_with(&self, late: &mut Vec<Arc<CancelFlag>>) -> bool {
        if fault!("cancel.raise.list_first") {
            self.tell(late);
        }
        // Not by recursion: a tree of scopes may be deeper than a fiber's stack.
        let mut below = Vec::new();
        self.find_below(&mut below);
        let mut next = 0;
        while let Some(flag) = below.get(next).cloned() {
            flag.find_below(&mut below);
            next += 1;
        }
        let mut is_first = fault!("cancel.raise.top_first") && self.set();
        for flag in below.iter().rev() {
            flag.set();
        }
        is_first |= self.set();
        if !fault!("cancel.raise.list_first") {
            self.tell(late);
        }
        below.iter().for_each(|flag| flag.tell(late));
        is_first
    }

    fn set(&self) -> bool {
        // Release: pairs with the Acquire in `is_raised`.
        !self.raised.swap(true, Ordering::Release)
    }

    /// Adds to `below` the flags right below it. Once it was raised there are none left.
    fn find_below(&self, below: &mut Vec<Arc<CancelFlag>>) {
        let first = below.len();
        loop {
            let count = {
                let listeners = self.listeners.lock();
                let mut count = 0;
                for node in listeners.flags.iter() {
                    count += 1;
                    if below.len() < below.capacity() {
                        // SAFETY: linked, so it lives, and its target is reached under the lock (invariant 2).
                        let flag = unsafe { node.as_ref() }
                            .target
                            .with(|target| unsafe { (*target).as_ref() }.and_then(Target::flag));
                        below.extend(flag);
                    }
                }
                count
            };
            if below.len() < below.capacity() || count == 0 {
                return;
            }
            // Once more with room for all of them, which is made outside the lock.
            below.truncate(first);
            below.reserve(count + 1);
        }
    }

    /// Wakes who waits, and leaves nobody in its lists.
    fn tell(&self, late: &mut Vec<Arc<CancelFlag>>) {
        let mut is_done = false;
        while !is_done {
            let mut batch = WakeBatch::new();
            // Outside the lock.
            late.reserve(WakeBatch::CAPACITY);
            {
                let mut listeners = self.listeners.lock();
                while batch.has_room() && late.len() < late.capacity() && !is_done {
                    match pop(&mut listeners) {
                        Some(Target::Agent(waker)) => batch.push(waker),
                        // SAFETY: the ticket lives as long as the listener is linked, which it was under this lock.
                        Some(Target::Arm(waker, ticket, arm)) if unsafe { ticket.as_ref() }.claim(arm) => {
                            batch.push(waker);
                        }
                        Some(Target::Flag(flag)) => late.extend(flag.upgrade()),
                        Some(Target::Arm(..)) => {}
                        None => is_done = true,
                    }
                }
            }
            batch.wake_all();
        }
    }
}

/// Takes a listener out of its list, which is locked, and its target out of it.
fn pop(listeners: &mut Listeners) -> Option<Target> {
    let node = listeners.flags.pop_front().or_else(|| listeners.waiters.pop_front())?;
    // SAFETY: it was linked, so it lives, and it stays as long as the lock is held (invariant 2).
    let target = unsafe { node.as_ref() }.target.with_mut(|target| unsafe { (*target).take() });
    debug_assert!(target.is_some(), "who is linked has a target");
    target
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

impl Target {
    fn flag(&self) -> Option<Arc<CancelFlag>> {
        match self {
            Self::Flag(flag) => flag.upgrade(),
            _ => None,
        }
    }
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
        let is_flag = matches!(target, Target::Flag(_));
        // SAFETY: not linked: the owner's.
        self.target.with_mut(|slot| unsafe { *slot = Some(target) });
        {
            let mut listeners = flag.listeners.lock();
            // Invariant 3. (The lock orders it: a plain look would do.)
            if !flag.is_raised() || fault!("cancel.listen.no_look") {
                let list = if is_flag { &mut listeners.flags } else { &mut listeners.waiters };
                // SAFETY: linked nowhere else; pinned, and its drop takes it out of the list.
                unsafe { list.push_back(NonNull::from(self.get_ref())) };
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
        // Whoever takes it out of its list takes its target, too, before the lock comes free.
        let target;
        let mut listeners = flag.listeners.lock();
        // SAFETY: under the lock (invariant 2). Dropped after that is free.
        target = self.target.with_mut(|slot| unsafe { (*slot).take() });
        let list = match &target {
            None => return,
            Some(Target::Flag(_)) => &mut listeners.flags,
            Some(_) => &mut listeners.waiters,
        };
        // SAFETY: it is in that list.
        unsafe { list.remove(NonNull::from(self)) };
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
    use crate::Wakes;
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

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

    /// Notes how many of the flags below were raised when it was woken.
    struct Looks {
        below: Vec<Arc<CancelFlag>>,
        seen: AtomicUsize,
    }

    impl Wakes for Looks {
        fn wake(&self) {
            self.seen.fetch_add(self.below.iter().filter(|flag| flag.is_raised()).count(), Ordering::Relaxed);
        }
    }

    #[test]
    fn whoever_is_woken_finds_all_below_raised() {
        let flags: Vec<Arc<CancelFlag>> = (0..4).map(|_| Arc::default()).collect();
        let looks = Arc::new(Looks { below: flags.clone(), seen: AtomicUsize::new(0) });
        let waits = |flag| {
            let listener = Box::pin(Listener::new());
            assert!(listener.as_ref().listen(flag, Target::Agent(Waker::from(Arc::clone(&looks)))));
            listener
        };
        // Those who wait come before, between and behind the flags in line.
        let _first: Vec<_> = flags.iter().map(waits).collect();
        let _told = [(0, 1), (1, 2), (0, 3)].map(|(upper, lower)| listening(&flags[upper], &flags[lower]));
        let _last: Vec<_> = flags.iter().map(waits).collect();
        flags[0].raise();
        assert_eq!(looks.seen.load(Ordering::Relaxed), 8 * 4);
    }

    #[test]
    fn whoever_sees_it_raised_sees_all_below_raised() {
        for _ in 0..30 {
            let flags: Vec<Arc<CancelFlag>> = (0..200).map(|_| Arc::default()).collect();
            let _told: Vec<_> =
                (1..200).map(|lower| listening(&flags[(lower - 1) / 3], &flags[lower])).collect();
            std::thread::scope(|scope| {
                scope.spawn(|| flags[0].raise());
                while !flags[0].is_raised() {
                    std::thread::yield_now();
                }
                assert!(flags.iter().all(|flag| flag.is_raised()));
            });
        }
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
