//! Waiters on their own stacks, in the order in which they came, and the ticket by which a select is won once.
//!
//! Knows nothing of what is waited for. Each queue stands behind the lock of the primitive that owns it, and that lock
//! guards everything here but a waiter's `done` mark and a select's ticket.
//!
//! ```text
//!  channel (under its lock)      A's stack                      B's stack
//!  ┌───────────────┐             ┌────────────────────┐         ┌────────────────────┐
//!  │ receivers ────┼────────────▶│ Waiter             ├────────▶│ Waiter             │
//!  └───────────────┘             │  waker   (owned)   │         │  waker             │
//!                                │  packet ─▶ a slot  │         │  ticket ─▶ Ticket  │
//!                                │  done    (atomic)  │         │  arm 2             │
//!                                └────────────────────┘         └────────────────────┘
//! ```
//!
//! Invariants:
//! 1. A waiter is linked by its own agent, and unlinked by [`WaitQueue::pop`] or by its agent's [`WaitQueue::remove`].
//! 2. Who pops a waiter owns it until [`Claimed::finish`], whose store of `done` is its last touch of the node: the waker
//!    is moved out before, so the waiter may return and its frame end before the waker is called.
//! 3. Whoever is popped and has no ticket has its wait fulfilled. One with a ticket is popped only by the winner of the
//!    ticket's single `OPEN => arm` transition; a losing arm is unlinked and nothing else happens to it.
//! 4. A waiter does not return before it is `done`, or has removed itself under the lock.

use crate::{Agent, Cancellable, Outcome, Reason, Waker};
use sisal_base::list::{Linked, Links, List};
use sisal_base::sync::UnsafeCell;
use sisal_base::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use sisal_base::{const_new, fault, ordering};
use std::fmt;
use std::marker::PhantomPinned;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::task;
use std::time::Instant;

/// Who has won a select: open, or the number of the arm that happened.
#[derive(Debug)]
pub struct Ticket(AtomicUsize);

impl Ticket {
    const OPEN: usize = usize::MAX;

    const_new! {
        /// Nobody has won.
        pub const fn new() -> Ticket {
            Ticket(AtomicUsize::new(Self::OPEN))
        }
    }

    /// `OPEN => arm`; `true` for the one who did it.
    #[inline]
    pub fn claim(&self, arm: usize) -> bool {
        debug_assert_ne!(arm, Self::OPEN);
        if fault!("ticket.claim.load_store") {
            let open = self.0.load(Ordering::Acquire) == Self::OPEN;
            if open {
                self.0.swap(arm, Ordering::AcqRel);
            }
            return open;
        }
        // The winner's writes travel with the waiter's `done` and the waker, so this orders nothing.
        self.0.compare_exchange(Self::OPEN, arm, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// The arm that won.
    #[inline]
    pub fn winner(&self) -> Option<usize> {
        Some(self.0.load(Ordering::Relaxed)).filter(|&arm| arm != Self::OPEN)
    }
}

impl Default for Ticket {
    fn default() -> Self {
        Self::new()
    }
}

/// One wait of one agent, on that agent's stack.
pub struct Waiter {
    links: Links<Waiter>,
    /// The waiter's until it is linked, its claimant's from then on. (Dropped by hand: see `drop_waker`.)
    waker: UnsafeCell<ManuallyDrop<Option<Waker>>>,
    ticket: Option<NonNull<Ticket>>,
    arm: usize,
    packet: *mut (),
    done: AtomicBool,
    _pinned: PhantomPinned,
}

// SAFETY: the link under which others find it, for the list; a field of the node.
unsafe impl Linked for Waiter {
    #[inline]
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: the caller's promise that `node` lives.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

impl Waiter {
    /// A wait of `agent`, with a place for a value that is handed over: whoever pops the waiter finds `packet`.
    #[inline]
    pub fn new(agent: &dyn Agent, packet: *mut ()) -> Self {
        Self::on(agent.lent_waker(), packet, None, 0)
    }

    /// A wait of whoever `waker` wakes, to whom nothing is handed over: a future, which looks again when it is polled.
    pub fn of_waker(waker: Waker) -> Self {
        Self::on(waker, ptr::null_mut(), None, 0)
    }

    /// Arm `arm` of a select of `agent`, which whoever claims `ticket` may fulfil.
    ///
    /// # Safety
    /// `ticket` outlives the waiter.
    #[inline]
    pub unsafe fn with_ticket(agent: &dyn Agent, packet: *mut (), ticket: &Ticket, arm: usize) -> Self {
        Self::on(agent.lent_waker(), packet, Some(NonNull::from(ticket)), arm)
    }

    #[inline]
    fn on(waker: Waker, packet: *mut (), ticket: Option<NonNull<Ticket>>, arm: usize) -> Self {
        Self {
            links: Links::new(),
            waker: UnsafeCell::new(ManuallyDrop::new(Some(waker))),
            ticket,
            arm,
            packet,
            done: AtomicBool::new(false),
            _pinned: PhantomPinned,
        }
    }

    /// Whether it would wake what `waker` does.
    ///
    /// # Safety
    /// The caller holds the lock of the waiter's queue, under which alone its claimants finish, and it is not done.
    pub unsafe fn will_wake(&self, waker: &task::Waker) -> bool {
        // SAFETY: the caller's promise: nobody else touches the slot now.
        self.waker.with(|slot| unsafe { (*slot).as_ref().is_some_and(|own| own.will_wake_std(waker)) })
    }

    /// Wakes another from now on. Gives the old waker, to be dropped outside the lock.
    ///
    /// # Safety
    /// As [`will_wake`](Self::will_wake).
    pub unsafe fn set_waker(&self, waker: Waker) -> Option<Waker> {
        // SAFETY: the caller's promise: nobody else touches the slot now.
        self.waker.with_mut(|slot| unsafe { (*slot).replace(waker) })
    }

    /// Whether the wait was fulfilled. What was written into the packet is then visible.
    #[inline]
    pub fn is_done(&self) -> bool {
        // Acquire: pairs with the Release in `Claimed::finish`.
        self.done.load(ordering!(Acquire, "waiter.is_done.relaxed" => Relaxed))
    }

    /// Parks until fulfilled, timed out or cancelled. After the latter two the waiter may still be linked: the caller
    /// removes it under the lock, and if it is not there any more, waits on with no deadline (invariant 4).
    #[inline(always)]
    pub fn wait(
        &self,
        agent: &dyn Agent,
        deadline: Option<Instant>,
        reason: Reason,
        cancellable: Cancellable,
    ) -> Outcome {
        loop {
            if self.is_done() {
                return Outcome::Woken;
            }
            let outcome = agent.park(deadline, reason, cancellable);
            if outcome != Outcome::Woken {
                return if self.is_done() { Outcome::Woken } else { outcome };
            }
        }
    }

    /// Waits the few instructions until who popped this waiter has finished with it.
    pub fn wait_for_claimant(&self) {
        let mut backoff = sisal_base::backoff::Backoff::new();
        while !self.is_done() {
            backoff.look_away();
        }
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter").field("done", &self.is_done()).finish_non_exhaustive()
    }
}

impl Drop for Waiter {
    #[inline]
    fn drop(&mut self) {
        if self.links.is_linked() {
            // Others would write to a frame that is gone.
            eprintln!("sisal: a waiter left its stack while in a queue; this is a bug in sisal");
            std::process::abort();
        }
        // SAFETY: not linked: nobody but the waiter reaches it. (Loom watches this access: a claimant must be done.)
        self.waker.with_mut(|slot| unsafe {
            if (*slot).is_some() {
                drop_waker(&mut *slot);
            }
        });
    }
}

/// Aside, so that the end of a waiter that was fulfilled, as most are, is a few instructions of its frame.
#[cold]
fn drop_waker(slot: &mut Option<Waker>) {
    *slot = None;
}

/// Waiters in the order in which they came. Lives behind its primitive's lock.
#[derive(Debug, Default)]
pub struct WaitQueue {
    list: List<Waiter>,
}

impl WaitQueue {
    /// Nobody waits.
    pub const fn new() -> Self {
        Self { list: List::new() }
    }

    /// Whether nobody waits (arms whose select is over may still stand here).
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one stands here and no other.
    #[inline]
    pub fn is_single(&self) -> bool {
        self.list.is_single()
    }

    /// The packet of the oldest waiter, which lives while it stands here. For queues in which every packet is of one
    /// type that the primitive knows.
    #[inline]
    pub fn front_packet(&self) -> Option<*mut ()> {
        // SAFETY: a linked waiter lives (invariant 4).
        self.list.front().map(|node| unsafe { node.as_ref() }.packet)
    }

    /// How many stand here. Walks them.
    pub fn len(&self) -> usize {
        self.list.iter().count()
    }

    /// Lets `waiter` stand behind all others.
    ///
    /// # Safety
    /// The waiter does not leave its frame before it is done or removed (invariant 4), and is in no queue.
    #[inline]
    pub unsafe fn push(&mut self, waiter: Pin<&Waiter>) {
        // SAFETY: the caller's promise, and the pin keeps it in place.
        unsafe { self.list.push_back(NonNull::from(waiter.get_ref())) };
    }

    /// Lets `waiter` stand before all others: it was popped already, and came back without what it waits for.
    ///
    /// # Safety
    /// As [`push`](Self::push).
    #[inline]
    pub unsafe fn push_front(&mut self, waiter: Pin<&Waiter>) {
        // SAFETY: the caller's promise, and the pin keeps it in place.
        unsafe { self.list.push_front(NonNull::from(waiter.get_ref())) };
    }

    /// Unlinks `waiter`; `false` if somebody has popped it, who is about to finish it.
    ///
    /// # Safety
    /// It is in this queue or in none.
    #[inline]
    pub unsafe fn remove(&mut self, waiter: Pin<&Waiter>) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.list.remove(NonNull::from(waiter.get_ref())) }
    }

    /// Whether somebody stands here whose wait can be fulfilled, arms of `except` apart. Walks over arms that have lost.
    pub fn has_open(&self, except: &Ticket) -> bool {
        self.list.iter().any(|node| {
            // SAFETY: a linked waiter lives (invariant 4), and its ticket outlives it.
            let ticket = unsafe { node.as_ref().ticket.map(|ticket| ticket.as_ref()) };
            ticket.is_none_or(|ticket| !ptr::eq(ticket, except) && ticket.winner().is_none())
        })
    }

    /// Unlinks the oldest waiter whose wait can be fulfilled; arms that lost their select are unlinked on the way.
    #[inline]
    pub fn pop(&mut self) -> Option<Claimed> {
        loop {
            let node = self.list.pop_front()?;
            // SAFETY: it was linked, so it lives until it is done (invariant 4), and this is its one claimant.
            let waiter = unsafe { node.as_ref() };
            match waiter.ticket {
                // SAFETY: the ticket outlives its waiter.
                Some(ticket) if !unsafe { ticket.as_ref() }.claim(waiter.arm) => {}
                _ => return Some(Claimed { node }),
            }
        }
    }

    /// Pops as many as fit into `batch`, whose packets nobody needs; `true` if more are left.
    pub fn pop_into(&mut self, batch: &mut WakeBatch) -> bool {
        while batch.has_room() {
            match self.pop() {
                Some(claimed) => batch.push(claimed.finish()),
                None => return false,
            }
        }
        !self.is_empty()
    }
}

/// A waiter that was popped and won; its agent waits until it is finished.
#[must_use = "its agent waits until `finish`"]
#[derive(Debug)]
pub struct Claimed {
    node: NonNull<Waiter>,
}

impl Claimed {
    /// The claim on a waiter that never stood in a queue: its agent has met somebody who will fulfil its wait later.
    ///
    /// # Safety
    /// The waiter is in no queue, has no ticket, was claimed by nobody, and does not leave its frame before it is done.
    #[inline]
    pub unsafe fn of(waiter: Pin<&Waiter>) -> Self {
        Self { node: NonNull::from(waiter.get_ref()) }
    }

    /// Where the waiter wants its value, or finds its message.
    #[inline]
    pub fn packet(&self) -> *mut () {
        // SAFETY: it lives until `finish` (invariant 2).
        unsafe { self.node.as_ref() }.packet
    }

    /// Marks the wait as fulfilled and gives the waker, to be called outside the lock. Nothing of the waiter is touched
    /// after this (invariant 2).
    #[inline]
    pub fn finish(self) -> Waker {
        // SAFETY: it lives until the store of `done`.
        let waiter = unsafe { self.node.as_ref() };
        if fault!("waiter.finish.done_first") {
            waiter.done.store(true, Ordering::Release);
        }
        // SAFETY: invariant 2: the claimant owns the node until the store of `done`.
        let waker = waiter.waker.with_mut(|slot| unsafe { (*slot).take() });
        // Before the store of `done`, after which the agent may be gone.
        let waker = waker.expect("a waiter is claimed once").claim();
        // Release: pairs with the Acquire in `Waiter::is_done`: the packet's bytes.
        waiter.done.store(true, ordering!(Release, "waiter.finish.relaxed" => Relaxed));
        waker
    }

    /// Whether `packet` is this waiter's.
    pub fn has_packet(&self, packet: *const ()) -> bool {
        ptr::eq(self.packet(), packet)
    }
}

/// Wakers to call in one go after a lock is released.
#[derive(Debug, Default)]
pub struct WakeBatch {
    wakers: [Option<Waker>; Self::CAPACITY],
    len: usize,
}

impl WakeBatch {
    /// How many fit.
    pub const CAPACITY: usize = sisal_base::sync::WAKE_BATCH;

    /// Nobody to wake.
    pub const fn new() -> Self {
        Self { wakers: [const { None }; Self::CAPACITY], len: 0 }
    }

    /// Whether another waker fits.
    #[inline]
    pub const fn has_room(&self) -> bool {
        self.len < Self::CAPACITY
    }

    /// Adds a waker, if there is one.
    pub fn extend(&mut self, waker: Option<Waker>) {
        waker.into_iter().for_each(|waker| self.push(waker));
    }

    /// Adds a waker.
    ///
    /// # Panics
    /// If there is no room.
    pub fn push(&mut self, waker: Waker) {
        self.wakers[self.len] = Some(waker);
        self.len += 1;
    }

    /// Wakes all, in order, outside any lock.
    pub fn wake_all(&mut self) {
        for slot in &mut self.wakers[..self.len] {
            if let Some(waker) = slot.take() {
                waker.wake();
            }
        }
        self.len = 0;
    }
}
