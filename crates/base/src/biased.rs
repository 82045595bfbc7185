//! A spin lock that costs a thread no read-modify-write as long as it is the only one to take it, be it for some microseconds: most
//! channels live on one worker, and between two it is best to let each do many messages in turn.
//!
//! Knows nothing of agents, nor which threads there are. As with [`spin`](crate::spin), a holder never leaves its core of its own accord.
//!
//! D. Dice, H. Huang, M. Yang, "Asymmetric Dekker Synchronization" (2001): of two who shut each other out, the frequent one stores and
//! loads, and the rare one pays for both fences. Measured: a locked instruction takes 5 to 6 ns and holds back what stands behind it, two
//! a message; a message through a channel on one worker 20 ns with them and 12 without; the rare one's fence 0.3 µs where the other thread
//! does not run, and 10 where it does. So who wants the lock lets the owner go on for a while, then asks for it, which costs the
//! owner nothing until then, and only takes it away from one that does not answer. Measured with two workers that send and
//! receive as fast as they can: a read-modify-write each time 24 ns a message, this 13.
//!
//! | `owner` | who may hold the lock | who moves it |
//! |---|---|---|
//! | `NOBODY` | who has moved `held` from `false` to `true` | who holds it so: `=>` its own record, once it has done so `needed` times in a row |
//! | a record | its thread, by the record's `inside` alone | its thread, inside, which does without: `=> NOBODY`. Who has moved `held`: `=>` `ASKED`; or `=> NOBODY`, and it holds the lock once `inside` is `false` |
//! | a record, `ASKED` | as before, but its thread does not come in any more | its thread, inside: `=> NOBODY`. Who has moved `held`: as before |
//!
//! Invariants:
//! 1. Whoever moves `held` is the only one to make an owner, to ask one or to disown it, and to touch the history, until it moves it back.
//! 2. A thread writes its own record's `inside`, and no other's; what it writes late writes over nobody's.
//! 3. A thread writes `NOBODY` only while it is inside: who has disowned it, and has seen it outside, is followed by no such store.
//! 4. Records live for ever.
//! 5. A thread is inside of one lock at a time.
//!
//! Race, *the owner comes in while it is disowned*: Owner: store `inside`, light fence, load `owner`. Other: store `NOBODY`, heavy fence,
//! load `inside`. One of the two sees the other. The owner that sees it leaves and queues for `held`; the other that sees `inside` waits.
//! Both may see each other: then the owner leaves, and the other goes on.
//!
//! Race, *given up while it is asked for*: Other reads the record. Owner stores `NOBODY`. Other's compare-and-swap to `ASKED` fails: it is in.
//!
//! Race, *given up while it is disowned*: Owner is inside, and finds itself asked. Other stores `NOBODY`, and waits for `inside`. Owner stores
//! `NOBODY` and leaves. Were it the other way round, other might be in, out, and the owner by then, whom that store would disown.
//!
//! Race, *given up while somebody begins to wait*: Owner stores `NOBODY`, and sees no waiter to ring for. Other says that it waits. It looks
//! at `owner` itself before it asks.
//!
//! How often: an owner that was disowned has cost more than it gained, so the next must have come twice as often in a row; one that gives the
//! lock up lets the next need half of that again. Who takes it in turns, a few times each, never gets so far, and
//! shares it: two that pass a message to and fro do not wait for each other's patience.
//!
//! A thread's token is its thread pointer, which a later thread may get again. Whatever the first one did happened before its end, and that
//! before the kernel let its memory be used anew: the later one continues the earlier one's life, with its record.

use crate::backoff::Backoff;
use crate::presence::{Inside, Presence, one_at_a_time};
use crate::sync::UnsafeCell;
use crate::sync::asymmetric::{self, STREAK};
use crate::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use crate::sync::hint::spin_loop;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr;

/// In the address of the owner's record, which is aligned: somebody has asked for the lock.
const ASKED: usize = 1;

/// The shortest streak that makes an owner: who follows another one pays so many read-modify-writes, a hundredth of its turn.
const STREAK_MIN: u32 = STREAK.div_ceil(8);

/// What a wait for an owner costs, and one for `held`, in half microseconds, where two threads do nothing but send and receive.
const OWNER_WAIT: u32 = 4;
const HELD_WAIT: u32 = 1;

/// A value behind a lock that is cheapest for a thread that has it to itself, be it for some microseconds; and one beside it, which
/// everybody may see at any time.
///
/// ```
/// use sisal_base::biased::BiasedLock;
/// let count = BiasedLock::new(1, "sheep");
/// *count.lock() += 1;
/// assert_eq!((*count.lock(), *count.beside()), (2, "sheep"));
/// ```
#[repr(C)]
pub struct BiasedLock<T, B> {
    // In this order: what those write who come in by `held` is one cache line, and what they take it for begins another one.
    /// A record, which is `nobody`'s, or some thread's; see the table.
    owner: AtomicPtr<Presence>,
    /// Who waits for the owner.
    waiter: AtomicPtr<Presence>,
    history: UnsafeCell<History>,
    held: Inside,
    /// Somebody has waited for an owner.
    is_contended: AtomicBool,
    value: Apart<UnsafeCell<T>>,
    beside: B,
}

/// Begins with a cache line of its own.
#[repr(C, align(64))]
struct Apart<T>(T);

/// Of those who come in by `held`.
struct History {
    /// Who was the last one, and how often in a row.
    last: usize,
    streak: u32,
    /// The streak by which one becomes the owner.
    needed: u32,
}

impl History {
    /// One more comes in; whether it is to be the owner.
    #[inline(always)]
    fn count(&mut self, token: usize) -> bool {
        // Where nobody can be the owner, a streak goes on for ever.
        let streak = if self.last == token { self.streak.saturating_add(1) } else { 1 };
        (self.last, self.streak) = (token, streak);
        streak >= self.needed
    }
}

// SAFETY: the lock hands out one `&mut T` at a time, so sharing it moves the value between threads at most. The history is touched by
// the holder of `held` alone (invariant 1).
unsafe impl<T: Send, B: Sync> Sync for BiasedLock<T, B> {}
// SAFETY: as for any owned values.
unsafe impl<T: Send, B: Send> Send for BiasedLock<T, B> {}

/// The record that stands for `NOBODY`.
#[inline(always)]
fn nobody() -> *mut Presence {
    ptr::from_ref(asymmetric::nobody()).cast_mut()
}

impl<T, B> BiasedLock<T, B> {
    /// A free lock around `value`.
    pub fn new(value: T, beside: B) -> Self {
        Self {
            owner: AtomicPtr::new(nobody()),
            held: Inside::new(),
            is_contended: AtomicBool::new(false),
            waiter: AtomicPtr::new(ptr::null_mut()),
            history: UnsafeCell::new(History { last: 0, streak: 0, needed: STREAK }),
            value: Apart(UnsafeCell::new(value)),
            beside,
        }
    }

    /// What is beside the value.
    #[inline(always)]
    pub fn beside(&self) -> &B {
        &self.beside
    }

    /// Spins until the lock is free. Whoever calls this holds no other biased lock (invariant 5), and forgets no guard.
    #[inline]
    pub fn lock(&self) -> BiasedGuard<'_, T, B> {
        self.lock_as(asymmetric::token())
    }

    /// [`lock`](Self::lock), by the thread of that token.
    #[doc(hidden)]
    #[inline(always)]
    pub fn lock_as(&self, token: usize) -> BiasedGuard<'_, T, B> {
        let owner = self.owner();
        if owner.token() == token && self.enter(owner) {
            return self.guard(owner.inside());
        }
        // free => held; Acquire pairs with the Release in `BiasedGuard::drop`.
        if !self.try_hold() {
            self.hold_slow();
        }
        // Acquire: pairs with the Release in `give_up`.
        if self.owner.load(ordering!(Acquire, "biased.settle.relaxed" => Relaxed)) != nobody() {
            self.wait_for_owner(token);
        }
        // SAFETY: invariant 1.
        let is_due = self.history.with_mut(|history| unsafe { (*history).count(token) });
        if is_due {
            self.own(token);
        }
        self.guard(&self.held)
    }

    /// Lets whoever waits for the lock have it now, if it is this thread's, which does not hold it, and is not likely to want it soon.
    #[inline(always)]
    pub fn renounce(&self) {
        if self.is_contended.load(Ordering::Relaxed) {
            self.renounce_as(asymmetric::token());
        }
    }

    /// [`renounce`](Self::renounce), by the thread of that token.
    #[doc(hidden)]
    #[cold]
    pub fn renounce_as(&self, token: usize) {
        let owner = self.owner();
        if owner.token() == token && self.enter(owner) {
            self.give_up();
            self.leave(owner);
        }
    }

    /// Who owns it, or has been asked for it.
    #[inline(always)]
    fn owner(&self) -> &'static Presence {
        // Acquire: pairs with the Release in `own`.
        let owner = self.owner.load(Ordering::Acquire).map_addr(|address| address & !ASKED);
        // SAFETY: invariant 4.
        unsafe { &*owner }
    }

    #[inline(always)]
    fn guard<'a>(&'a self, inside: &'a Inside) -> BiasedGuard<'a, T, B> {
        one_at_a_time::begin();
        BiasedGuard { lock: self, inside, not_send: PhantomData }
    }

    /// The owner's way in; `false` if it was asked for the lock, or disowned. Nothing here acquires: what the owner finds inside it has
    /// left there itself, or has seen when it held `held` for the last time.
    #[inline(always)]
    fn enter(&self, owner: &Presence) -> bool {
        owner.inside().flag().store(true, Ordering::Relaxed);
        if !fault!("biased.enter.no_fence") {
            asymmetric::light_fence();
        }
        let entered = fault!("biased.enter.looks_once") || ptr::eq(self.owner.load(Ordering::Relaxed), owner);
        if !entered {
            self.stay_out(owner);
        }
        entered
    }

    /// Not in any more: it was asked for the lock, and gives it up, or was disowned.
    #[cold]
    fn stay_out(&self, owner: &Presence) {
        let is_asked = ptr::eq(self.owner(), owner);
        if is_asked && !fault!("biased.give_up.late") {
            self.give_up();
        }
        self.leave(owner);
        if is_asked && fault!("biased.give_up.late") {
            self.give_up();
        }
        if is_asked {
            // Else it would be back before the other one has begun.
            (0..asymmetric::HANDICAP).for_each(|_| spin_loop());
        }
    }

    /// A record `=> NOBODY`, by its thread, which is inside (invariant 3).
    fn give_up(&self) {
        // Release: pairs with the Acquire of whoever finds it so. (As in `leave`, no model shows it.)
        self.owner.store(nobody(), Ordering::Release);
        // Acquire: pairs with the Release in `wait_for_owner`: the record may have just been made.
        let waiter = self.waiter.load(Ordering::Acquire);
        if !waiter.is_null() {
            // SAFETY: invariant 4.
            unsafe { (*waiter).ring() };
        }
    }

    /// The owner is out again.
    #[inline]
    fn leave(&self, owner: &Presence) {
        // Release, as in `BiasedGuard::drop`: who waits may read this instead of what the last guard has stored. (No model shows it:
        // loom's stand-in for the fence above releases already.)
        owner.inside().flag().store(false, Ordering::Release);
    }

    #[inline(always)]
    fn try_hold(&self) -> bool {
        let success = ordering!(Acquire, "biased.hold.relaxed" => Relaxed);
        self.held.flag().compare_exchange(false, true, success, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn hold_slow(&self) {
        asymmetric::note_lock_wait(HELD_WAIT);
        let mut backoff = Backoff::new();
        loop {
            backoff.look_away();
            // Look before the RMW: a failing RMW takes the line away from the holder.
            if !self.held.flag().load(Ordering::Relaxed) && self.try_hold() {
                return;
            }
        }
    }

    /// `NOBODY` `=>` its own record, by who holds `held`: for its next time.
    #[cold]
    fn own(&self, token: usize) {
        if asymmetric::is_enabled() {
            // Release: pairs with the Acquire in `owner`: the record may have just been made. (No model shows it: loom's records are there
            // from the beginning. The same below.)
            self.owner.store(ptr::from_ref(asymmetric::presence(token)).cast_mut(), Ordering::Release);
        } else {
            // SAFETY: invariant 1.
            self.history.with_mut(|history| unsafe { (*history).streak = 0 });
        }
    }

    /// `held` is ours, and the lock is as soon as its owner has given it up or was disowned.
    #[cold]
    fn wait_for_owner(&self, token: usize) {
        let own = asymmetric::presence(token);
        own.note_lock_wait(OWNER_WAIT);
        self.is_contended.store(true, Ordering::Relaxed);
        self.waiter.store(ptr::from_ref(own).cast_mut(), Ordering::Release);
        let is_given_up = self.is_given_up(own) || self.is_given_up_when_asked(own);
        self.waiter.store(ptr::null_mut(), Ordering::Relaxed);
        if !is_given_up {
            self.disown();
        }
        // SAFETY: invariant 1.
        self.history.with_mut(|history| unsafe {
            let needed = (*history).needed;
            (*history).needed =
                if is_given_up { (needed / 2).max(STREAK_MIN) } else { needed.saturating_mul(2) };
        });
    }

    /// Waits for a while, at a line of its own: each look at the owner's would cost that one a cache line's way there and back.
    fn is_given_up(&self, own: &Presence) -> bool {
        for _ in 0..asymmetric::PATIENCE {
            if own.was_rung() && self.is_free() {
                return true;
            }
            spin_loop();
        }
        self.is_free()
    }

    #[inline]
    fn is_free(&self) -> bool {
        // Acquire: pairs with the Release in `give_up`.
        self.owner.load(ordering!(Acquire, "biased.wait.relaxed" => Relaxed)) == nobody()
    }

    /// A record `=>` `ASKED`, and waits for the answer.
    fn is_given_up_when_asked(&self, own: &Presence) -> bool {
        let owner = ptr::from_ref(self.owner()).cast_mut();
        let asked = owner.map_addr(|address| address | ASKED);
        // It has given it up meanwhile, or does so now.
        owner != nobody()
            && self.owner.compare_exchange(owner, asked, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            && self.is_given_up(own)
            || self.is_free()
    }

    /// A record `=> NOBODY`, by who needs the lock.
    #[cold]
    fn disown(&self) {
        // Acquire: as in `is_free`, if it has just been given up.
        let owner = self.owner.swap(nobody(), Ordering::Acquire).map_addr(|address| address & !ASKED);
        if !fault!("biased.disown.no_fence") {
            asymmetric::heavy_fence();
        }
        // SAFETY: invariant 4.
        let inside = unsafe { (*owner).inside().flag() };
        let mut backoff = Backoff::new();
        // Acquire pairs with the Release of the owner's guard, and with that in `leave`.
        while inside.load(ordering!(Acquire, "biased.disown.relaxed" => Relaxed))
            && !fault!("biased.disown.waits_not")
        {
            backoff.look_away();
        }
    }
}

impl<T, B> fmt::Debug for BiasedLock<T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BiasedLock").finish_non_exhaustive()
    }
}

/// Holds a [`BiasedLock`] until dropped.
pub struct BiasedGuard<'a, T, B> {
    lock: &'a BiasedLock<T, B>,
    /// What was set to come in.
    inside: &'a Inside,
    // A raw pointer takes away `Send` and `Sync`; the latter comes back below, where `T` allows it.
    not_send: PhantomData<*mut T>,
}

impl<'a, T, B> BiasedGuard<'a, T, B> {
    /// What is beside the value.
    #[inline(always)]
    pub fn beside(&self) -> &'a B {
        &self.lock.beside
    }

    /// Counts an operation of this thread, if the lock is its own, which costs no look for where it counts them; else the caller is to
    /// count it.
    #[inline(always)]
    pub fn count_operation(&self) -> Option<u32> {
        if self.is_owners() { Some(self.inside.count_operation()) } else { None }
    }

    /// Whether the thread came in as the owner.
    #[inline(always)]
    fn is_owners(&self) -> bool {
        !ptr::eq(self.inside, &self.lock.held)
    }
}

// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: Sync, B: Sync> Sync for BiasedGuard<'_, T, B> {}

impl<T, B> Deref for BiasedGuard<'_, T, B> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the lock's only one.
        self.lock.value.0.with(|value| unsafe { &*value })
    }
}

impl<T, B> DerefMut for BiasedGuard<'_, T, B> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the lock's only one, and borrowed for writing.
        self.lock.value.0.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T, B> Drop for BiasedGuard<'_, T, B> {
    #[inline(always)]
    fn drop(&mut self) {
        one_at_a_time::end();
        // Release pairs with the Acquire of whoever holds `held` next, and of whoever disowns the lock's owner.
        self.inside.flag().store(false, ordering!(Release, "biased.unlock.relaxed" => Relaxed));
    }
}

#[cfg(all(test, not(sisal_loom)))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    /// How often an owner was disowned.
    static FENCES: AtomicUsize = AtomicUsize::new(0);

    /// A fence that only counts: these tests have one thread each, under two names. (`tests/process_fence.rs` has those of a real
    /// one.)
    fn enable() {
        asymmetric::enable(|| {
            FENCES.fetch_add(1, SeqCst);
        });
    }

    #[test]
    fn who_is_alone_is_given_the_lock_and_loses_it_to_who_gets_no_answer() {
        enable();
        let lock = BiasedLock::new(0, ());
        for n in 0..2 * STREAK {
            assert_eq!(lock.lock_as(8).is_owners(), n >= STREAK, "time {n}");
        }
        assert_eq!(lock.owner().token(), 8);
        let before = FENCES.load(SeqCst);
        assert!(!lock.lock_as(16).is_owners());
        assert_eq!((lock.owner(), FENCES.load(SeqCst)), (asymmetric::nobody(), before + 1));
        for n in 1..3 * STREAK {
            assert_eq!(
                lock.lock_as(16).is_owners(),
                n >= 2 * STREAK,
                "the next one needs twice as long: time {n}"
            );
        }
    }

    #[test]
    fn who_is_asked_gives_it_up_and_the_next_one_needs_half_as_long() {
        enable();
        let lock = BiasedLock::new(0, ());
        (0..STREAK).for_each(|_| drop(lock.lock_as(24)));
        let owner = lock.owner();
        lock.owner.store(ptr::from_ref(owner).cast_mut().map_addr(|address| address | ASKED), SeqCst);
        assert!(!lock.lock_as(24).is_owners(), "it queues behind who has asked");
        assert_eq!(lock.owner().token(), 24, "nobody else has come");
        lock.renounce_as(32);
        assert_eq!(lock.owner().token(), 24, "it is not the other's");
        lock.renounce_as(24);
        assert_eq!(lock.owner(), asymmetric::nobody());
    }

    #[test]
    fn a_streak_that_nobody_ends_does_not_overflow() {
        let lock = BiasedLock::new((), ());
        // SAFETY: nobody else has the lock.
        lock.history.with_mut(|history| unsafe {
            *history = History { last: 8, streak: u32::MAX, needed: u32::MAX }
        });
        drop(lock.lock_as(8));
    }

    #[test]
    fn two_in_turn_share_it() {
        enable();
        let lock = BiasedLock::new(0, ());
        for n in 0..4 * STREAK as usize {
            *lock.lock_as(8 * (5 + n % 2)) += 1;
        }
        assert_eq!(lock.owner(), asymmetric::nobody());
        assert_eq!(*lock.lock(), 4 * STREAK);
    }
}
