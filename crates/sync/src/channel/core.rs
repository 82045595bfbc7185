//! A channel: the state behind its lock, and the waits of those who send and receive.
//!
//! Knows nothing of handles, of clocks, nor of whether a fiber or a thread waits. What happens under the lock is in `state.rs`.
//!
//! Invariants:
//! 1. Under the lock nobody frees, wakes, runs a user's code (a message's destructor is one, a panic hook another), or takes another
//!    channel's lock; nor allocates, but for a thread's first time (its agent, its record of being inside).
//! 2. A waiter is put into its line in the same section in which its agent has looked and found that it must wait.
//! 3. No wait returns, nor unwinds, while its waiter stands in a line; and who was claimed meanwhile has succeeded, whatever
//!    its deadline says.
//!
//! Race, *message against deadline*: A's deadline passes. B claims A's waiter and writes the message. A takes the lock, is no
//! longer in the line, so it waits until B has finished, and returns the message.

use super::buffer::Block;
use super::outlook::{Locked, Outlook};
use super::packet::{Met, Packet, Parcel};
use super::state::{Offered, Side, State, Taken, Wakers};
use sisal_base::backoff::PAUSES_A_LOOK;
use sisal_base::sync::BiasedLock;
use sisal_base::sync::asymmetric::enable_if_cheap;
use sisal_base::sync::hint::spin_loop;
use sisal_base::{CachePadded, fault};
use sisal_park::{
    Agent, Cancellable, ChannelPlace, Outcome, Reason, Waiter, WakeBatch, Waker, count, current, spend,
    spend_now, with_current,
};
use std::mem;
use std::pin::{Pin, pin};
use std::time::Instant;

/// Looks of a bare thread that waits, with pauses in between.
const LOOKS_WITH_PAUSES: u32 = 8;

/// Looks after that, giving the core away in between.
const LOOKS_WITH_YIELDS: u32 = 16;

/// Why a message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No room, or no receiver, up to the end of the time.
    Full,
    Disconnected,
}

/// Why there is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// No message up to the end of the time.
    Empty,
    Disconnected,
}

/// How long an operation may wait.
#[derive(Clone, Copy)]
pub(super) enum Until {
    Now,
    Deadline(Instant),
    Forever,
}

impl Until {
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Deadline(deadline) => Some(deadline),
            Self::Now | Self::Forever => None,
        }
    }
}

pub(super) struct Channel<T> {
    state: CachePadded<BiasedLock<State<T>, Outlook>>,
    capacity: Option<usize>,
}

impl<T> Channel<T> {
    pub(super) fn new(capacity: Option<usize>) -> Self {
        // Bare threads without a runtime have nobody else to do it.
        enable_if_cheap();
        Self { state: CachePadded::new(BiasedLock::new(State::new(capacity), Outlook::unknown())), capacity }
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_, T> {
        Locked::new(self.state.lock())
    }

    pub(super) fn outlook(&self) -> &Outlook {
        self.state.beside()
    }

    /// Gives way if the time slice is used up, before anything is done.
    #[cold]
    fn spend_between<'a>(&'a self, state: Locked<'a, T>) -> Locked<'a, T> {
        drop(state);
        spend_now();
        self.lock()
    }

    /// What a wait must not do between its look and its place in the line.
    fn lock_again<'a>(&'a self, state: Locked<'a, T>) -> Locked<'a, T> {
        drop(state);
        self.lock()
    }

    /// Locks, with a block for one more message at hand.
    #[inline(never)]
    pub(super) fn lock_to_send(&self) -> Locked<'_, T> {
        loop {
            let state = self.lock();
            if !state.lacks_block() {
                return state;
            }
            drop(state);
            self.bring_block();
        }
    }

    /// Brings a block, unless somebody else was faster. (Who comes between may fill it.)
    #[cold]
    fn bring_block(&self) {
        let mut block = Some(Block::new());
        let mut state = self.lock();
        if let Some(block) = block.take_if(|_| state.lacks_block()) {
            state.supply(block);
        }
        drop(state);
        // One that is left is freed outside the lock.
        drop(block);
    }

    /// Sends `message`, waiting for room or for a receiver.
    #[inline]
    pub(super) fn send(&self, message: T, until: Until) -> Result<(), (Refusal, T)> {
        let mut state = self.lock();
        if count(state.count_operation()) {
            state = self.spend_between(state);
        }
        if state.takes_alone() {
            state.put_alone(message);
            self.unlock(state);
            return Ok(());
        }
        let message = match state.hand_over(message) {
            Ok(receiver) => {
                self.unlock(state);
                receiver.wake_next();
                return Ok(());
            }
            Err(message) => message,
        };
        if state.lacks_block() {
            drop(state);
            state = self.lock_to_send();
        }
        match state.offer(message) {
            Offered::Sent(receiver) => {
                self.unlock_and_wake_receiver(state, receiver);
                Ok(())
            }
            Offered::Disconnected(message) => Err((Refusal::Disconnected, message)),
            Offered::Full(message) => match until {
                Until::Now => Err((Refusal::Full, message)),
                _ => with_current(|agent| self.send_slow(agent, state, message, until)),
            },
        }
    }

    #[cold]
    fn send_slow(
        &self,
        agent: &dyn Agent,
        state: Locked<'_, T>,
        message: T,
        until: Until,
    ) -> Result<(), (Refusal, T)> {
        let mut state = if fault!("chan.send.gap") { self.lock_again(state) } else { state };
        let packet = Packet::new(Parcel::Value(message));
        let waiter = pin!(Waiter::new(agent, packet.place()));
        let waiter = waiter.as_ref();
        // SAFETY: it points to a packet of this channel's messages, and `Standing` sees to it that it has left the line before
        // its frame ends.
        unsafe { state.push_sender(waiter) };
        self.unlock(state);
        self.state.renounce();
        let standing = Standing { channel: self, side: Side::Senders, waiter };
        let outcome = standing.wait(agent, until.deadline(), Reason::Send(self.place()));
        // SAFETY: done, or in no line any more: ours again.
        match unsafe { packet.take() } {
            Parcel::Value(message) if is_timeout(outcome, until) => Err((Refusal::Full, message)),
            Parcel::Value(message) => Err((Refusal::Disconnected, message)),
            _ => Ok(()),
        }
    }

    /// Receives a message, waiting for one.
    ///
    /// Inline up to the park, where it waits for ever: each frame that a fiber comes back through costs a return that the processor did
    /// not predict, since it has seen another fiber's calls (18 % of a ping-pong a frame). Not so where nothing is optimised: each inlined
    /// part would keep a place of its own for the message.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn recv(&self, until: Until) -> Result<T, Lack> {
        let mut state = self.lock();
        if let Some(message) = state.take_alone() {
            // Here, not before: who waits need not be counted.
            let is_due = count(state.count_operation());
            self.unlock(state);
            if is_due {
                spend_now();
            }
            return Ok(message);
        }
        loop {
            if state.has_nothing() {
                let waited = match until {
                    Until::Now => return Err(nothing_now(state)),
                    Until::Deadline(_) => with_current(|agent| self.recv_by_deadline(agent, state, until)),
                    // SAFETY: nothing in there keeps the agent.
                    Until::Forever => self.recv_waiting(unsafe { current() }, state, until),
                };
                if let Some(result) = waited {
                    return result;
                }
            } else if let Some(result) = self.recv_with_others(state) {
                return result;
            }
            state = self.lock_once_more();
        }
    }

    /// To look again.
    #[cold]
    fn lock_once_more(&self) -> Locked<'_, T> {
        self.lock()
    }

    /// Receives where others are to be told of it. `None` if the caller is to look again.
    #[inline(never)]
    fn recv_with_others(&self, mut state: Locked<'_, T>) -> Option<Result<T, Lack>> {
        match state.take() {
            Taken::Message(message, wakers, block) => {
                self.unlock_and_wake(state, wakers);
                drop(block);
                spend();
                Some(Ok(message))
            }
            Taken::Disconnected => {
                drop(state);
                spend();
                Some(Err(Lack::Disconnected))
            }
            Taken::Promise(sender) => with_current(|agent| self.recv_promised(agent, state, sender)).map(Ok),
            Taken::Empty => None,
        }
    }

    #[cold]
    fn recv_by_deadline(
        &self,
        agent: &dyn Agent,
        state: Locked<'_, T>,
        until: Until,
    ) -> Option<Result<T, Lack>> {
        self.recv_waiting(agent, state, until)
    }

    /// Waits for a message. `None` if there is nothing to wait for any more, and the caller is to look again.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn recv_waiting(&self, agent: &dyn Agent, state: Locked<'_, T>, until: Until) -> Option<Result<T, Lack>> {
        let mut state = if fault!("chan.recv.gap") { self.lock_again(state) } else { state };
        let packet = Packet::new(Parcel::Empty);
        let waiter = pin!(Waiter::new(agent, packet.place()));
        let waiter = waiter.as_ref();
        // SAFETY: as in `send_slow`.
        match unsafe { state.push_receiver(waiter) } {
            None => self.unlock(state),
            sender => self.unlock_and_wake(state, (sender, None)),
        }
        self.state.renounce();
        let standing = Standing { channel: self, side: Side::Receivers, waiter };
        let outcome = standing.wait(agent, until.deadline(), Reason::Recv(self.place()));
        // SAFETY: done, or in no line any more: ours again.
        match unsafe { packet.take() } {
            Parcel::Value(message) => Some(Ok(message)),
            Parcel::Again => None,
            _ if is_timeout(outcome, until) => Some(Err(Lack::Empty)),
            _ => Some(Err(Lack::Disconnected)),
        }
    }

    /// Waits for the message of a select that was claimed while it waited to send. `None` if it sends nothing after all.
    #[cold]
    pub(super) fn recv_promised(
        &self,
        agent: &dyn Agent,
        state: Locked<'_, T>,
        mut sender: Met<T>,
    ) -> Option<T> {
        let packet = Packet::new(Parcel::Empty);
        let waiter = pin!(Waiter::new(agent, packet.place()));
        let waiter = waiter.as_ref();
        // SAFETY: in no line, claimed by nobody else, and `Standing` waits until it is done.
        sender.put(Parcel::Partner(unsafe { Met::of(waiter) }));
        let standing = Standing { channel: self, side: Side::Receivers, waiter };
        self.unlock_and_wake(state, (Some(sender.finish()), None));
        standing.wait_for_promise(agent, Reason::Recv(self.place()));
        // SAFETY: done: ours again.
        match unsafe { packet.take() } {
            Parcel::Value(message) => Some(message),
            _ => None,
        }
    }

    /// Unlocks after a change that wakes nobody but watchers.
    #[inline]
    pub(super) fn unlock(&self, state: Locked<'_, T>) {
        let is_watched = state.is_followed() && state.is_watched() && !fault!("chan.unlock.forgets_watchers");
        drop(state);
        if is_watched {
            self.wake_watchers();
        }
    }

    /// Unlocks, and lets the receiver that was given a message run next: its message is in the cache.
    #[inline]
    pub(super) fn unlock_and_wake_receiver(&self, state: Locked<'_, T>, receiver: Option<Waker>) {
        self.unlock(state);
        if let Some(receiver) = receiver {
            receiver.wake_next();
        }
    }

    /// Unlocks, and wakes the sender whose message was taken, and the receiver for whom another one has come.
    #[inline]
    pub(super) fn unlock_and_wake(&self, state: Locked<'_, T>, (sender, receiver): Wakers) {
        self.unlock(state);
        if let Some(sender) = sender {
            sender.wake();
        }
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }

    #[cold]
    fn wake_watchers(&self) {
        let mut batch = WakeBatch::new();
        loop {
            let more = self.lock().watchers.pop_into(&mut batch);
            batch.wake_all();
            if !more {
                return;
            }
        }
    }

    /// Lets senders have the room that has come up.
    pub(super) fn refill<'a>(&'a self, mut state: Locked<'a, T>) {
        let mut batch = WakeBatch::new();
        loop {
            let more = state.refill_into(&mut batch);
            self.unlock(state);
            batch.wake_all();
            if !more {
                return;
            }
            state = self.lock();
        }
    }

    /// One side is gone for ever: the last of `side` was dropped.
    #[cold]
    pub(super) fn disconnect(&self, side: Side) {
        let mut state = self.lock();
        let messages = state.disconnect(matches!(side, Side::Receivers));
        let mut batch = WakeBatch::new();
        loop {
            let more = state.dismiss(&mut batch);
            drop(state);
            batch.wake_all();
            if !more || fault!("chan.disconnect.one_batch") {
                break;
            }
            state = self.lock();
        }
        // Last, since a message's destructor may unwind.
        drop(messages);
    }

    /// For reports.
    #[inline]
    fn place(&self) -> ChannelPlace {
        ChannelPlace::new(self.address(), self.capacity)
    }

    pub(super) fn address(&self) -> usize {
        (&raw const *self).addr()
    }

    /// Takes `waiter` out of its line; `false` if somebody has claimed it.
    ///
    /// # Safety
    /// It stands in this line or in none.
    pub(super) unsafe fn leave(&self, side: Side, waiter: Pin<&Waiter>) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.lock().line(side).remove(waiter) }
    }
}

/// Whether a wait that has ended with `outcome` and without a result is reported as a timeout. A cancel is one where there is
/// such an error, and a disconnect where there is none.
fn is_timeout(outcome: Outcome, until: Until) -> bool {
    match outcome {
        Outcome::Woken => false,
        Outcome::TimedOut => true,
        Outcome::Cancelled(_) => until.deadline().is_some(),
    }
}

/// A waiter in a line, or claimed, until its wait is over: then this is forgotten.
struct Standing<'a, T> {
    channel: &'a Channel<T>,
    side: Side,
    waiter: Pin<&'a Waiter>,
}

impl<T> Standing<'_, T> {
    /// Waits until somebody has finished with the waiter: `Woken`; or until it has left the line by itself.
    #[inline(always)]
    fn wait(self, agent: &dyn Agent, deadline: Option<Instant>, reason: Reason) -> Outcome {
        look_before_park(agent, || self.waiter.is_done());
        let outcome = match self.waiter.wait(agent, deadline, reason, Cancellable::Always) {
            Outcome::Woken => Outcome::Woken,
            outcome => self.end_early(agent, reason, outcome),
        };
        mem::forget(self);
        outcome
    }

    /// The wait has ended with `outcome`: leaves the line, or waits until the claimant has finished.
    #[cold]
    fn end_early(&self, agent: &dyn Agent, reason: Reason, outcome: Outcome) -> Outcome {
        // It may not have waited at all: a loop of receives in a fiber that was cancelled must give way.
        spend();
        // SAFETY: put into this line by who made the `Standing`.
        let has_left = unsafe { self.channel.leave(self.side, self.waiter) };
        if has_left || fault!("chan.wait.forgets_claimant") {
            return outcome;
        }
        // Claimed: maybe by a select that has yet to run, so this is no place to spin.
        self.waiter.wait(agent, None, reason, Cancellable::Never)
    }

    /// Waits, in no line, until the claimant has finished.
    fn wait_for_promise(self, agent: &dyn Agent, reason: Reason) {
        let _ = self.waiter.wait(agent, None, reason, Cancellable::Never);
        mem::forget(self);
    }
}

impl<T> Drop for Standing<'_, T> {
    fn drop(&mut self) {
        // A park that unwinds (one that is forbidden) leaves no waiter behind. It cannot park again for its claimant.
        // SAFETY: put into this line by who made the `Standing`, or into none.
        if !unsafe { self.channel.leave(self.side, self.waiter) } {
            self.waiter.wait_for_claimant();
        }
    }
}

/// What a receiver finds that does not wait. It may come again and again.
#[cold]
fn nothing_now<T>(state: Locked<'_, T>) -> Lack {
    drop(state);
    spend();
    Lack::Empty
}

/// Looks again a bounded number of times where that is cheaper than a park: on a bare thread, never on a fiber. First with
/// pauses, for a partner on another core, then giving this core away, for one that the kernel has put on this one.
#[inline]
pub(super) fn look_before_park(agent: &dyn Agent, is_done: impl Fn() -> bool) {
    let looks = agent.spins().min(LOOKS_WITH_PAUSES + LOOKS_WITH_YIELDS);
    for look in 0..looks {
        if is_done() {
            return;
        }
        if look < LOOKS_WITH_PAUSES {
            (0..PAUSES_A_LOOK).for_each(|_| spin_loop());
        } else {
            agent.yield_now();
        }
    }
}
