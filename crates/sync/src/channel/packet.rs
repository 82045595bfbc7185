//! What two agents exchange, and the lines in which they wait for each other, typed by the message.
//!
//! Knows nothing of buffers or of when one must wait. Each waiter in a [`Line<T>`] points to a [`Packet<T>`] beside it on the
//! waiting stack.
//!
//! | who waits | puts in | finds when done |
//! |---|---|---|
//! | a receiver | `Empty` | `Value`: its message. `Empty`: disconnected. `Again`: whoever had promised a message will not send it |
//! | a sender | `Value` | `Empty`: it was taken. `Value`: disconnected |
//! | a sending arm of a select, whose message comes later | `Empty` | `Room`: a place in the buffer is kept for it. `Partner`: that receiver waits for it. `Empty`: disconnected |
//!
//! Invariants:
//! 1. A packet belongs to its agent while its waiter is in no line; to who holds the channel's lock while it is in one; to the
//!    claimant from the pop on; and to its agent again once the waiter is done.
//! 2. Whoever puts a waiter into a `Line<T>` points it to a `Packet<T>`.

use sisal_base::sync::UnsafeCell;
use sisal_park::{Claimed, Ticket, WaitQueue, Waiter, WakeBatch, Waker};
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;

/// What a packet holds; see the module's table.
pub(super) enum Parcel<T> {
    Empty,
    Value(T),
    Room,
    Partner(Met<T>),
    Again,
}

/// A place on a waiting stack.
pub(super) struct Packet<T>(UnsafeCell<Parcel<T>>);

impl<T> Packet<T> {
    pub(super) fn new(parcel: Parcel<T>) -> Self {
        Self(UnsafeCell::new(parcel))
    }

    /// Where a waiter points to.
    pub(super) fn place(&self) -> *mut () {
        (&raw const *self).cast_mut().cast()
    }

    /// Takes out what is there and leaves `Empty`.
    ///
    /// # Safety
    /// The packet is the caller's at present (invariant 1).
    #[inline]
    pub(super) unsafe fn take(&self) -> Parcel<T> {
        // SAFETY: the caller's promise.
        self.0.with_mut(|parcel| unsafe { mem::replace(&mut *parcel, Parcel::Empty) })
    }

    /// Puts `parcel` in the place of what is there.
    ///
    /// # Safety
    /// As [`take`](Self::take), and no message is there.
    #[inline]
    pub(super) unsafe fn put(&self, parcel: Parcel<T>) {
        // SAFETY: the caller's promise.
        self.0.with_mut(|place| unsafe { *place = parcel });
    }
}

/// A claimed waiter of a [`Line<T>`]: its packet is ours until [`finish`](Self::finish).
#[must_use = "its agent waits until `finish`"]
pub(super) struct Met<T> {
    claimed: Claimed,
    message: PhantomData<fn() -> T>,
}

impl<T> Met<T> {
    /// The claim on a receiver that stands in no line, for the sender that it has met.
    ///
    /// # Safety
    /// As [`Claimed::of`], and the waiter points to a `Packet<T>`.
    pub(super) unsafe fn of(waiter: Pin<&Waiter>) -> Self {
        // SAFETY: the caller's promise.
        Self { claimed: unsafe { Claimed::of(waiter) }, message: PhantomData }
    }

    #[inline]
    fn packet(&self) -> &Packet<T> {
        // SAFETY: invariant 2, and the packet lives as long as its waiter, which waits for `finish`.
        unsafe { &*self.claimed.packet().cast::<Packet<T>>() }
    }

    /// Takes what the waiter offers.
    #[inline]
    pub(super) fn take(&mut self) -> Parcel<T> {
        // SAFETY: the claimant's (invariant 1).
        unsafe { self.packet().take() }
    }

    /// Gives the waiter what it finds when it is done.
    #[inline]
    pub(super) fn put(&mut self, parcel: Parcel<T>) {
        // SAFETY: the claimant's (invariant 1).
        unsafe { self.packet().put(parcel) };
    }

    /// Ends the wait. The waker is to be called outside the lock.
    #[inline]
    pub(super) fn finish(self) -> Waker {
        self.claimed.finish()
    }
}

/// Waiters in the order in which they came, whose packets are of one type. Lives behind the channel's lock.
pub(super) struct Line<T> {
    queue: WaitQueue,
    message: PhantomData<fn() -> T>,
}

impl<T> Line<T> {
    pub(super) const fn new() -> Self {
        Self { queue: WaitQueue::new(), message: PhantomData }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Lets `waiter` stand behind all others.
    ///
    /// # Safety
    /// It points to a `Packet<T>` (invariant 2), is in no line, and leaves its frame only when it is done or removed.
    #[inline]
    pub(super) unsafe fn push(&mut self, waiter: Pin<&Waiter>) {
        // SAFETY: the caller's promise.
        unsafe { self.queue.push(waiter) };
    }

    /// Unlinks `waiter`; `false` if somebody has claimed it.
    ///
    /// # Safety
    /// It is in this line or in none.
    #[inline]
    pub(super) unsafe fn remove(&mut self, waiter: Pin<&Waiter>) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.queue.remove(waiter) }
    }

    /// Claims the one who waits longest.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Met<T>> {
        self.queue.pop().map(|claimed| Met { claimed, message: PhantomData })
    }

    /// Ends the waits of as many as fit into `batch`, with what is in their packets; `true` if more are left.
    pub(super) fn pop_into(&mut self, batch: &mut WakeBatch) -> bool {
        self.queue.pop_into(batch)
    }

    /// Whether somebody else than `own` select waits here.
    pub(super) fn has_open(&self, own: &Ticket) -> bool {
        self.queue.has_open(own)
    }
}
