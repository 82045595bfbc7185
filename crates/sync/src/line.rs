//! Standing in line: how a waiter of this crate's locks gets into a queue, waits, and gets out of it again.
//!
//! Knows nothing of what is waited for. [`Stand`] is one wait; [`Crowd`] is a line whose members are called one by one or
//! all together, which is all that a condition variable, a wait group, a barrier, a `Once` and a `Notify` need.
//! (`gate.rs` builds the locks that have a word of their own.)
//!
//! Invariants:
//! 1. A waiter is pushed under the line's lock, in the same section in which its agent looked and found that it must wait.
//! 2. `stand` comes back, also by unwinding, only after the waiter was called or has left the line by itself.
//! 3. Wakers are called outside the line's lock.
//! 4. A round's call reaches who stood in the line when it began, and nobody else: each waiter carries the number of the
//!    round in which it came, and rounds only grow, so those of older rounds stand in front.
//!
//! Race, *the next round comes while this one is still called*: B calls all 100 waiters of a barrier, 16 at a time. Waiter
//! 1 runs, comes back to the barrier and stands in line behind waiter 100. Its round is newer, so B stops before it.

use sisal_base::sync::{SpinGuard, SpinLock};
use sisal_base::{const_new, fault};
use sisal_park::{Agent, Cancellable, Outcome, Reason, WaitQueue, Waiter, WakeBatch, with_current};
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

/// When `timeout` is over, by the agent's clock. `None`, for ever, if that is beyond all time.
pub(crate) fn deadline_after(timeout: Duration) -> Option<Instant> {
    with_current(|agent| agent.now()).checked_add(timeout)
}

/// One wait.
pub(crate) struct Stand<'a> {
    pub(crate) agent: &'a dyn Agent,
    /// What the one who calls finds in the waiter.
    pub(crate) packet: *mut (),
    pub(crate) deadline: Option<Instant>,
    pub(crate) reason: Reason,
    pub(crate) cancellable: Cancellable,
    /// Before all others, for who was called and came back.
    pub(crate) in_front: bool,
}

/// Takes the waiter out of its line, if it still stands there.
struct Leave<'a, Q, F: Fn(&mut Q) -> &mut WaitQueue> {
    lock: &'a SpinLock<Q>,
    queue: F,
    waiter: Pin<&'a Waiter>,
    called: bool,
}

impl<Q, F: Fn(&mut Q) -> &mut WaitQueue> Leave<'_, Q, F> {
    /// `false` if somebody has called the waiter meanwhile, and has finished with it now.
    fn leave(&mut self) -> bool {
        self.called = true;
        let mut line = self.lock.lock();
        // SAFETY: it is in this line, or was popped from it (invariant 2).
        let left = unsafe { (self.queue)(&mut line).remove(self.waiter) };
        drop(line);
        if !left {
            self.waiter.wait_for_claimant();
        }
        left
    }
}

impl<Q, F: Fn(&mut Q) -> &mut WaitQueue> Drop for Leave<'_, Q, F> {
    fn drop(&mut self) {
        // A park that unwinds (one that is forbidden) must not leave its waiter behind.
        if !self.called {
            self.leave();
        }
    }
}

impl Stand<'_> {
    /// Stands in the line behind `lock`, which `line` has locked, and waits there; `unlocked` is called as soon as the lock is
    /// free again. [`Outcome::Woken`] if somebody has called this waiter, and only then.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn stand<Q>(
        self,
        lock: &SpinLock<Q>,
        mut line: SpinGuard<'_, Q>,
        queue: impl Fn(&mut Q) -> &mut WaitQueue,
        unlocked: impl FnOnce(),
    ) -> Outcome {
        let waiter = pin!(Waiter::new(self.agent, self.packet));
        let waiter = waiter.as_ref();
        let place = queue(&mut line);
        // SAFETY: `Leave` sees to it that the waiter has left the line before its frame ends (invariant 2).
        unsafe {
            if self.in_front {
                place.push_front(waiter);
            } else {
                place.push(waiter);
            }
        }
        drop(line);
        let mut leave = Leave { lock, queue, waiter, called: false };
        unlocked();
        let outcome = waiter.wait(self.agent, self.deadline, self.reason, self.cancellable);
        if outcome == Outcome::Woken {
            leave.called = true;
            return outcome;
        }
        if leave.leave() || fault!("stand.timeout.loses_call") { outcome } else { Outcome::Woken }
    }
}

/// What a [`Crowd`]'s lock guards.
pub(crate) struct Inside<S> {
    pub(crate) state: S,
    round: u64,
    queue: WaitQueue,
}

impl<S> Inside<S> {
    fn queue(&mut self) -> &mut WaitQueue {
        &mut self.queue
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

/// Some state behind a lock, and those who wait for a change of it.
pub(crate) struct Crowd<S> {
    inside: SpinLock<Inside<S>>,
}

impl<S> Crowd<S> {
    const_new! {
        /// Nobody waits.
        pub(crate) const fn new(state: S) -> Crowd<S> {
            Crowd { inside: SpinLock::new(Inside { state, round: 0, queue: WaitQueue::new() }) }
        }
    }

    /// Locks it for a few instructions.
    pub(crate) fn lock(&self) -> SpinGuard<'_, Inside<S>> {
        self.inside.lock()
    }

    /// Waits for a call. `inside` is this crowd's, and was looked at since it was locked (invariant 1); `unlocked` is called
    /// once the line is free again and the waiter stands in it.
    pub(crate) fn wait(
        &self,
        agent: &dyn Agent,
        inside: SpinGuard<'_, Inside<S>>,
        (deadline, reason, cancellable): (Option<Instant>, Reason, Cancellable),
        unlocked: impl FnOnce(),
    ) -> Outcome {
        let round = inside.round;
        let packet = (&raw const round).cast_mut().cast();
        let stand = Stand { agent, packet, deadline, reason, cancellable, in_front: false };
        stand.stand(&self.inside, inside, Inside::queue, unlocked)
    }

    /// Calls the one who waits longest; `false` if nobody does. `inside` is this crowd's.
    pub(crate) fn call_one(&self, mut inside: SpinGuard<'_, Inside<S>>) -> bool {
        let claimed = inside.queue.pop();
        let waker = claimed.map(sisal_park::wait_queue::Claimed::finish);
        drop(inside);
        waker.map(sisal_park::Waker::wake).is_some()
    }

    /// Calls all who wait now, and tells how many. `inside` is this crowd's.
    pub(crate) fn call_all<'a>(&'a self, mut inside: SpinGuard<'a, Inside<S>>) -> usize {
        let round = inside.round;
        inside.round += 1;
        let mut count = 0;
        loop {
            let mut batch = WakeBatch::new();
            while batch.has_room() && inside.front_is_of(round) {
                let Some(claimed) = inside.queue.pop() else { break };
                batch.push(claimed.finish());
                count += 1;
            }
            let more = inside.front_is_of(round);
            drop(inside);
            batch.wake_all();
            if !more || fault!("crowd.call_all.one_batch") {
                return count;
            }
            inside = self.inside.lock();
        }
    }
}

impl<S> Inside<S> {
    /// Whether the front waiter came in that round or before.
    fn front_is_of(&self, round: u64) -> bool {
        self.queue.front_packet().is_some_and(|packet| {
            // SAFETY: each packet in this queue is a `u64` in the frame of `Crowd::wait`, which lives while its waiter stands
            // here, and is written by nobody.
            let came = unsafe { *packet.cast::<u64>() };
            came <= round || fault!("crowd.call_all.ignores_round")
        })
    }
}
