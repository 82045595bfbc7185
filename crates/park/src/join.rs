//! The state of a counted thing that gives one result: who still holds it, whether the result is there, and whether somebody
//! waits for that. All in one word.
//!
//! Knows nothing of results, fibers or memory; each transition says what its caller must do next. The worker's side of a
//! fiber is the *completer*, the join handle the *handle*.
//!
//! | part | meaning | changed by |
//! |---|---|---|
//! | `HANDLE` | a join handle exists, which may take the result | cleared once, by the handle |
//! | `COMPLETE` | the result is stored | set once, by the fiber, or by who ends a fresh task |
//! | `WAITING` | the slot holds the waker of who joins; the slot is the completer's | set and cleared by the handle; cleared by the completer |
//! | `STAYS` | beside `WAITING`: who joins does not leave before `COMPLETE`, so its waker may be a lent one | set by the handle; cleared by the completer |
//! | `TAKEN` | the result was taken, and the handle is still there | set by the handle, once `COMPLETE` |
//! | the rest | references: the completer's, until it has nothing left to do; the handle's; one for each who asks | |
//!
//! Invariants:
//! 1. Of the handle's end and the completion the second sees the first, and drops the result, unless `join` took it.
//! 2. The waker slot belongs to the handle, and from `WAITING` on to the completer, until the handle has cleared `WAITING`
//!    by its own RMW.
//! 3. The block is freed by whoever takes the last reference away. Who has all that are left needs no read-modify-write for that:
//!    nobody else knows the block any more.
//! 4. A waker beside `STAYS` is claimed before `COMPLETE` is there to be seen: until then its agent is in its wait. Nobody but the
//!    completer moves either bit.
//! 5. With `STAYS` and two references in all, the word is the completer's alone: who joins only looks.
//!
//! Race, *early return*: A joins and waits, and returns early because of another wake. It sees `COMPLETE` before B, who
//! completed, has taken the waker out of the slot. A takes the result and gives its reference back; the block stays, since B
//! gives the scheduler's reference back only after it has emptied the slot.
//!
//! Race, *another waker*: A is a future, was polled by one executor and is polled by another now. B completes. A must not write
//! the new waker while B takes the old one out: so it first clears `WAITING`, or sees `COMPLETE` and touches nothing.
//!
//! Race, *a lent waker*: A joins on its own stack, and its waker owns no reference. B completes, and claims the waker: A is parked, and
//! does not run before B submits it; or A is about to park, or woken by something else, and B takes a reference to it. Only then B lets
//! A see `COMPLETE`, which may end A's wait, its stack and its record.

use crate::{Agent, Cancellable, Outcome, Reason, Waker};
use sisal_base::sync::UnsafeCell;
use sisal_base::sync::atomic::{AtomicU32, Ordering};
use sisal_base::{fault, ordering};
use std::time::Instant;
use std::{fmt, mem, process, task};

const HANDLE: u32 = 1;
const COMPLETE: u32 = 2;
const WAITING: u32 = 4;
const TAKEN: u32 = 8;
const STAYS: u32 = 16;
const REFERENCE: u32 = 32;
/// So many references that something leaks them in a loop.
const REFERENCES_MAX: u32 = u32::MAX / 2;

/// What the completer must do next.
#[must_use]
#[derive(Debug)]
pub enum Completed {
    /// Nothing, and no further touch: its reference was given back with the same step.
    Done,
    /// Wake who joins, then give the reference back: the waker may be an executor's, which runs code in the completer's name.
    Wake(Waker),
    /// Wake who joins. No other touch: its reference was given back with the same step.
    WakeLast(Waker),
    /// Drop the result, which nobody can take any more, then give the reference back.
    Unwanted,
}

/// What a handle that is dropped must do next.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Nothing, and no further touch: its reference was given back with the same step.
    Done,
    /// Drop the result, then [`JoinState::release_handle`].
    HasResult,
}

// SAFETY: invariant 2 says whose the slot is, and each change of hands is an RMW with Release on the giving and Acquire on the
// taking side.
unsafe impl Sync for JoinState {}
// SAFETY: a waker may go to any thread.
unsafe impl Send for JoinState {}

/// The word and the slot of who joins.
pub struct JoinState {
    word: AtomicU32,
    joiner: UnsafeCell<Option<Waker>>,
}

impl JoinState {
    /// No result yet; held by the completer and by the handle.
    pub fn new() -> Self {
        Self { word: AtomicU32::new(HANDLE + 2 * REFERENCE), joiner: UnsafeCell::new(None) }
    }

    /// One reference more.
    #[inline]
    pub fn retain(&self) {
        // Relaxed: who takes a reference has one to look through.
        if self.word.fetch_add(REFERENCE, Ordering::Relaxed) > REFERENCES_MAX {
            eprintln!("sisal: more than {} references to one fiber", REFERENCES_MAX / REFERENCE);
            std::process::abort();
        }
    }

    /// One reference less; `true` if the block must be freed.
    #[inline]
    pub fn release(&self) -> bool {
        self.give_back(REFERENCE)
    }

    /// The handle is gone, and the result with it; `true` if the block must be freed.
    #[inline]
    pub fn release_handle(&self) -> bool {
        self.give_back(HANDLE + REFERENCE)
    }

    #[inline]
    fn give_back(&self, amount: u32) -> bool {
        // Acquire: what all other holders did, each of whom has given back by a Release.
        let all = self.word.load(ordering!(Acquire, "join.give_back.relaxed" => Relaxed));
        if all - amount < REFERENCE {
            // Invariant 3.
            return true;
        }
        // Release: what this holder did. Acquire, for the last: what all holders did.
        let before = self.word.fetch_sub(amount, Ordering::AcqRel);
        debug_assert!(before >= amount);
        before - amount < REFERENCE
    }

    /// Whether the result is there.
    #[inline]
    pub fn is_complete(&self) -> bool {
        // Acquire: pairs with the Release in `complete`: the result.
        self.word.load(ordering!(Acquire, "join.is_complete.relaxed" => Relaxed)) & COMPLETE != 0
    }

    /// The result is stored. `keep` asks that the reference be kept in any case, by giving [`Completed::Unwanted`]'s work
    /// to the caller as a plain release.
    #[inline]
    pub fn complete(&self, keep: bool) -> Completed {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            debug_assert_eq!(word & COMPLETE, 0, "completed twice");
            if word & HANDLE == 0 {
                return Completed::Unwanted;
            }
            if word & STAYS != 0 {
                return self.complete_for_who_stays(word, keep);
            }
            let keeps = keep || (word & WAITING != 0 && !fault!("join.complete.releases_before_waker"));
            let given_back = if keeps { 0 } else { REFERENCE };
            let next = ((word | COMPLETE) & !WAITING) - given_back;
            // Release: the result, for `is_complete` and `drop_handle`. Acquire: the waker's bytes (pairs with `register`).
            let success = ordering!(AcqRel, "join.complete.acquire_only" => Acquire);
            match self.word.compare_exchange_weak(word, next, success, Ordering::Acquire) {
                Ok(_) if word & WAITING != 0 => {
                    // SAFETY: invariant 2: `WAITING` was ours to clear.
                    let waker = self.joiner.with_mut(|slot| unsafe { (*slot).take() });
                    return Completed::Wake(waker.expect("who waits has left its waker"));
                }
                Ok(_) => return Completed::Done,
                Err(seen) => word = seen,
            }
        }
    }

    /// [`complete`](Self::complete) beside `STAYS`, which `word` was seen to have by an Acquire.
    #[inline]
    fn complete_for_who_stays(&self, word: u32, keep: bool) -> Completed {
        let take = || {
            // SAFETY: invariant 2: the slot is ours, and `WAITING` stays until we clear it (invariant 4).
            let waker = self.joiner.with_mut(|slot| unsafe { (*slot).take() });
            waker.expect("who waits has left its waker").claim()
        };
        let early = if fault!("join.complete.claims_late") { None } else { Some(take()) };
        let given_back = if keep { 0 } else { REFERENCE };
        // Release: the result, for `is_complete`; and that the slot is empty.
        let success = ordering!(Release, "join.complete_for_who_stays.relaxed" => Relaxed);
        if word == HANDLE + WAITING + STAYS + 2 * REFERENCE || fault!("join.complete.shares_nothing") {
            // Invariant 5. A store, and all that came before happened before the Acquire by which `word` was seen.
            self.word.store(HANDLE + COMPLETE + 2 * REFERENCE - given_back, success);
        } else {
            self.word.fetch_sub(WAITING + STAYS - COMPLETE + given_back, success);
        }
        let waker = early.unwrap_or_else(take);
        if keep { Completed::Wake(waker) } else { Completed::WakeLast(waker) }
    }

    /// Parks `agent` until the result is there.
    ///
    /// # Safety
    /// Called by the one handle alone, on the stack of `agent`.
    pub unsafe fn wait(&self, agent: &dyn Agent, reason: Reason) {
        // SAFETY: the caller's promise, and this does not leave before.
        if let Some(stays) = unsafe { self.stay(|| agent.lent_waker()) } {
            while !self.is_complete() {
                // However that ends: nothing but the result ends this wait.
                let _ = agent.park(None, reason, Cancellable::Never);
            }
            stays.leave();
        }
    }

    /// [`register`](Self::register) of one that waits until the result is there, come what may: then it [leaves](Stays::leave). `None`
    /// if it is there already.
    ///
    /// # Safety
    /// As [`wait`](Self::wait); and unless it is `None`, the agent of `waker` does not leave before [`is_complete`](Self::is_complete).
    #[inline(always)]
    pub unsafe fn stay(&self, waker: impl FnOnce() -> Waker) -> Option<Stays> {
        // SAFETY: the caller's promise.
        if !unsafe { self.take_back() } {
            return None;
        }
        self.put(|| Some(waker()));
        self.announce(WAITING | STAYS).then(|| Stays(()))
    }

    /// Parks `agent` until the result is there: `Woken`; or until the wait has ended otherwise.
    ///
    /// # Safety
    /// As [`wait`](Self::wait).
    pub unsafe fn wait_until(
        &self,
        agent: &dyn Agent,
        deadline: Option<Instant>,
        reason: Reason,
        cancellable: Cancellable,
    ) -> Outcome {
        // SAFETY: the caller's promise, and nobody waits before this ends.
        if self.is_complete() || !unsafe { self.register(agent.waker()) } {
            return Outcome::Woken;
        }
        while !self.is_complete() {
            let outcome = agent.park(deadline, reason, cancellable);
            if outcome != Outcome::Woken {
                // SAFETY: the caller's promise.
                return if unsafe { self.withdraw() } { outcome } else { Outcome::Woken };
            }
        }
        Outcome::Woken
    }

    /// Whether the result is there; if not, `waker` is called once it is, and one that was left before is not.
    ///
    /// # Safety
    /// As [`wait`](Self::wait).
    pub unsafe fn poll(&self, waker: &task::Waker) -> bool {
        // SAFETY: the caller's promise.
        if self.is_complete() || !unsafe { self.take_back() } {
            return true;
        }
        // SAFETY: not complete, and not `WAITING`: the slot is the handle's (invariant 2).
        let is_there = self.joiner.with(|slot| unsafe {
            (*slot).as_ref().is_some_and(|before: &Waker| before.will_wake_std(waker))
        });
        if !is_there {
            let waker = waker.clone().into();
            self.put(|| Some(waker));
        }
        !self.announce(WAITING)
    }

    /// Leaves the waker of who joins, in the place of one left before; `false` if the result is there already.
    ///
    /// # Safety
    /// As [`wait`](Self::wait).
    pub unsafe fn register(&self, waker: Waker) -> bool {
        // SAFETY: the caller's promise.
        if !unsafe { self.take_back() } {
            return false;
        }
        self.put(|| Some(waker));
        self.announce(WAITING)
    }

    /// Takes back the waker that was left, if one was; `false` if the result is there already.
    ///
    /// # Safety
    /// As [`wait`](Self::wait).
    pub unsafe fn withdraw(&self) -> bool {
        // SAFETY: the caller's promise.
        let withdrawn = unsafe { self.take_back() };
        if withdrawn {
            self.put(|| None);
        }
        withdrawn
    }

    /// The handle's, without `WAITING`, and before `COMPLETE` was seen with `WAITING` set: the slot is its own (invariant 2).
    #[inline(always)]
    fn put(&self, waker: impl FnOnce() -> Option<Waker>) {
        // SAFETY: as said.
        if self.joiner.with(|slot| unsafe { (*slot).is_some() }) {
            self.empty_slot();
        }
        // SAFETY: as said; and nothing is there to be dropped. Made in its place: one that is copied there is read in another width than
        // it was just written, for which the processor waits.
        self.joiner.with_mut(|slot| unsafe { slot.write(waker()) });
    }

    /// Drops the waker in the slot, outside of it, since it may be a user's.
    #[cold]
    fn empty_slot(&self) {
        // SAFETY: as in `put`.
        drop(self.joiner.with_mut(|slot| unsafe { (*slot).take() }));
    }

    /// Makes the slot the handle's again; `false` if the result is there, and the slot maybe the completer's.
    ///
    /// # Safety
    /// As [`wait`](Self::wait).
    #[inline(always)]
    unsafe fn take_back(&self) -> bool {
        // Acquire: with `COMPLETE`, the result.
        let word = self.word.load(Ordering::Acquire);
        if word & WAITING != 0 { self.take_back_slow(word) } else { word & COMPLETE == 0 }
    }

    #[cold]
    fn take_back_slow(&self, mut word: u32) -> bool {
        while word & WAITING != 0 && !fault!("join.take_back.blind") {
            // Relaxed: nobody but the handle has written to the slot.
            match self.word.compare_exchange_weak(word, word & !WAITING, Ordering::Relaxed, Ordering::Acquire)
            {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
        word & COMPLETE == 0
    }

    /// Gives the slot, with a waker in it, to the completer; `false` if the result is there already.
    #[inline(always)]
    fn announce(&self, how: u32) -> bool {
        let mut word = self.word.load(Ordering::Acquire);
        while word & COMPLETE == 0 {
            // Release: the waker's bytes, for `complete`.
            let waiting = word | how;
            let success = ordering!(Release, "join.register.relaxed" => Relaxed);
            match self.word.compare_exchange_weak(word, waiting, success, Ordering::Acquire) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
        self.put(|| None);
        false
    }

    /// The handle has taken the result, and stays.
    ///
    /// # Safety
    /// The result is there, and was not taken.
    pub unsafe fn mark_taken(&self) {
        // Relaxed: the handle tells itself.
        self.word.fetch_or(TAKEN, Ordering::Relaxed);
    }

    /// Whether the handle has taken the result: for the handle.
    #[inline]
    pub fn is_taken(&self) -> bool {
        self.word.load(Ordering::Relaxed) & TAKEN != 0
    }

    /// Whether nobody can take the result any more, since the handle is gone: for the completer.
    #[inline]
    pub fn is_unwanted(&self) -> bool {
        self.word.load(Ordering::Acquire) & HANDLE == 0
    }

    /// The handle is dropped, and nobody waits any more. The result is to be dropped unless it was
    /// [taken](Self::is_taken).
    pub fn drop_handle(&self) -> Dropped {
        let mut word = self.word.load(Ordering::Acquire);
        if word & WAITING != 0 {
            // A future that was polled. Its waker may hold whatever holds the handle.
            // SAFETY: the handle.
            unsafe { self.withdraw() };
            word = self.word.load(Ordering::Acquire);
        }
        while word & COMPLETE == 0 {
            // Release: the handle's last writes; pairs with the Acquire in `complete`. The completer's reference is left.
            let next = word - (HANDLE + REFERENCE);
            if fault!("join.drop_handle.load_store") {
                self.word.fetch_sub(HANDLE + REFERENCE, Ordering::Release);
                return Dropped::Done;
            }
            match self.word.compare_exchange_weak(word, next, Ordering::Release, Ordering::Acquire) {
                Ok(_) => return Dropped::Done,
                Err(seen) => word = seen,
            }
        }
        Dropped::HasResult
    }
}

/// Stands in the frame of who [stays](JoinState::stay). Dropped only if its park unwinds, which would leave a waker behind that owns
/// nothing.
#[must_use]
#[derive(Debug)]
pub struct Stays(());

impl Stays {
    /// The result is there.
    #[inline(always)]
    pub fn leave(self) {
        mem::forget(self);
    }
}

impl Drop for Stays {
    #[cold]
    fn drop(&mut self) {
        eprintln!("sisal: a panic in the middle of a join");
        process::abort();
    }
}

impl Default for JoinState {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for JoinState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinState").field("complete", &self.is_complete()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::with_current;

    #[test]
    fn who_comes_second_has_the_result() {
        let state = JoinState::new();
        assert_eq!(state.drop_handle(), Dropped::Done);
        assert!(matches!(state.complete(false), Completed::Unwanted));
        assert!(state.release());

        let state = JoinState::new();
        assert!(matches!(state.complete(false), Completed::Done));
        assert_eq!(state.drop_handle(), Dropped::HasResult);
        assert!(state.release_handle());
    }

    #[test]
    fn who_waits_is_woken() {
        let state = JoinState::new();
        std::thread::scope(|scope| {
            scope.spawn(|| match state.complete(false) {
                Completed::WakeLast(waker) => waker.wake(),
                Completed::Done => {}
                Completed::Wake(_) | Completed::Unwanted => unreachable!("there is a handle, which stays"),
            });
            // SAFETY: the one handle.
            with_current(|agent| unsafe { state.wait(agent, Reason::Park) });
        });
        assert!(state.is_complete());
    }
}
