//! The arms that channels make: to receive, and to send a message that is made once the arm was selected.
//!
//! Knows nothing of the other arms of its select. A receiving arm is a receiver like any other, whose waiter has a ticket. A
//! sending arm has no message yet, so it is given what will make the send certain: room in the buffer, or a partner that waits
//! for it. If the message is never made (its expression panics, the selected operation is dropped), either is given back.
//!
//! Invariant: an arm's packet is its agent's whenever it is in no line (`packet.rs`, invariant 1); the methods of `Selectable`
//! are called by that agent alone, in the order that the trait shows.

use super::super::core::Channel;
use super::super::outlook::{RECEIVE, SEND};
use super::super::packet::{Packet, Parcel};
use super::super::receiver::Source;
use super::super::state::{Offered, Reserved, Side, Taken};
use super::super::{Receiver, RecvError, SendError, Sender};
use super::case::Case;
use sisal_base::fault;
use sisal_park::{Agent, Cancellable, Place, Reason, Selectable, Ticket, with_current};
use std::cell::Cell;
use std::time::Instant;

/// `recv(r) -> message`, as an arm.
pub struct RecvArm<'a, T> {
    receiver: &'a Receiver<T>,
    packet: Packet<T>,
    place: Place,
    /// Since when it has waited for a tick.
    since: Cell<Option<Instant>>,
    /// Whether a message that was not completed is leaked, since it may not belong on this thread.
    leaks: bool,
}

impl<'a, T> RecvArm<'a, T> {
    /// An arm that has not happened.
    pub fn new(receiver: &'a Receiver<T>) -> Self {
        Self::with(receiver, false)
    }

    fn with(receiver: &'a Receiver<T>, leaks: bool) -> Self {
        let packet = Packet::new(Parcel::Empty);
        Self { receiver, packet, place: Place::new(), since: Cell::new(None), leaks }
    }

    /// An arm for a `Select`, which may go to another thread than its messages may. There it moves a message, but does not look
    /// into it: only [`complete`](Self::complete) gives it out, to somebody who has the receiver.
    pub(super) fn leaking(receiver: &'a Receiver<T>) -> Self {
        Self::with(receiver, true)
    }

    /// The message, once selected; an error if the channel is disconnected.
    ///
    /// # Errors
    /// If there was no message, and will be none.
    pub fn complete(&self) -> Result<T, RecvError> {
        // SAFETY: in no line.
        match unsafe { self.packet.take() } {
            Parcel::Value(message) => Ok(message),
            _ => Err(RecvError),
        }
    }

    /// This arm in the list that a select goes through.
    #[inline]
    pub fn as_case(&self) -> Case<'_> {
        Case::with_hint(self, self.receiver.hint())
    }

    fn keep(&self, message: T) {
        // SAFETY: in no line.
        unsafe { self.packet.put(Parcel::Value(message)) };
    }

    fn discard(&self) {
        let message = self.complete();
        if self.leaks {
            std::mem::forget(message);
        }
    }

    fn attempt_from(&self, channel: &Channel<T>, agent: &dyn Agent) -> bool {
        let mut state = channel.lock();
        if let Some(message) = state.take_alone() {
            channel.unlock(state);
            self.keep(message);
            return true;
        }
        if state.has_nothing() {
            state.keep_outlook(RECEIVE);
            return false;
        }
        match state.take() {
            Taken::Message(message, wakers, block) => {
                channel.unlock_and_wake(state, wakers);
                drop(block);
                self.keep(message);
                true
            }
            Taken::Promise(sender) => match channel.recv_promised(agent, state, sender) {
                Some(message) => {
                    self.keep(message);
                    true
                }
                None => false,
            },
            Taken::Disconnected => true,
            Taken::Empty => false,
        }
    }
}

impl<T> Drop for RecvArm<'_, T> {
    fn drop(&mut self) {
        self.discard();
    }
}

impl<T> Selectable for RecvArm<'_, T> {
    fn attempt(&self, agent: &dyn Agent) -> bool {
        match self.receiver.source() {
            Source::Channel(channel) => self.attempt_from(channel, agent),
            Source::Timer(timer, make) => {
                let now = agent.now();
                match timer.take(now, self.since.get().unwrap_or(now)) {
                    Some(time) => {
                        self.since.set(None);
                        self.keep(make(time));
                        true
                    }
                    None => false,
                }
            }
            Source::Never => false,
        }
    }

    unsafe fn register(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        match self.receiver.source() {
            Source::Channel(channel) => {
                let mut state = channel.lock();
                if state.can_take(ticket) {
                    return false;
                }
                // SAFETY: the caller's promise, and the place keeps the waiter until it is in no line.
                let sender =
                    unsafe { state.push_receiver(self.place.fill(agent, self.packet.place(), ticket, arm)) };
                match sender {
                    None => channel.unlock(state),
                    sender => channel.unlock_and_wake(state, (sender, None)),
                }
                true
            }
            Source::Timer(timer, _) => {
                let now = agent.now();
                self.since.set(self.since.get().or(Some(now)));
                !timer.is_ready(now)
            }
            Source::Never => true,
        }
    }

    fn unregister(&self, claimed: bool) {
        if let (Source::Channel(channel), Some(waiter)) = (self.receiver.source(), self.place.waiter()) {
            // SAFETY: `register` has put it into this line.
            unsafe { channel.leave(Side::Receivers, waiter) };
            if claimed {
                waiter.wait_for_claimant();
                self.discard();
            }
        }
        self.place.clear();
    }

    fn accept(&self, agent: &dyn Agent) -> bool {
        wait_for_claimant(&self.place, agent);
        self.place.clear();
        // SAFETY: done: in no line.
        match unsafe { self.packet.take() } {
            Parcel::Value(message) => self.keep(message),
            Parcel::Again => return false,
            _ => {}
        }
        true
    }

    fn due(&self) -> Option<Instant> {
        match self.receiver.source() {
            Source::Timer(timer, _) => timer.due(),
            _ => None,
        }
    }

    fn is_ready(&self) -> bool {
        match self.receiver.source() {
            Source::Channel(channel) => channel.lock().can_take(&Ticket::new()),
            Source::Timer(timer, _) => timer.is_ready(with_current(|agent| agent.now())),
            Source::Never => false,
        }
    }

    unsafe fn watch(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        match self.receiver.source() {
            Source::Channel(channel) => {
                let mut state = channel.lock();
                if state.can_take(ticket) {
                    return false;
                }
                // SAFETY: the caller's promise, and the place keeps the waiter until it is in no line.
                unsafe { state.push_watcher(self.place.fill(agent, self.packet.place(), ticket, arm)) };
                true
            }
            Source::Timer(timer, _) => !timer.is_ready(agent.now()),
            Source::Never => true,
        }
    }

    fn unwatch(&self, claimed: bool) {
        if let Source::Channel(channel) = self.receiver.source() {
            unwatch(channel, &self.place, claimed);
        }
    }
}

/// `send(s, message) -> result`, as an arm.
pub struct SendArm<'a, T> {
    sender: &'a Sender<T>,
    packet: Packet<T>,
    place: Place,
}

impl<'a, T> SendArm<'a, T> {
    /// An arm that has not happened.
    pub fn new(sender: &'a Sender<T>) -> Self {
        Self { sender, packet: Packet::new(Parcel::Empty), place: Place::new() }
    }

    /// Sends `message`, once selected, without waiting.
    ///
    /// # Errors
    /// With the message, if there is no receiver any more.
    pub fn complete(&self, message: T) -> Result<(), SendError<T>> {
        // SAFETY: in no line.
        match unsafe { self.packet.take() } {
            Parcel::Room => {
                let channel = self.sender.channel();
                let mut state = channel.lock_to_send();
                match state.use_room(message) {
                    Ok(receiver) => {
                        if !fault!("chan.arm.leaves_room_empty") {
                            channel.refill(state);
                        }
                        receiver.wake_next();
                    }
                    Err(Offered::Sent(receiver)) => channel.unlock_and_wake_receiver(state, receiver),
                    Err(Offered::Full(message) | Offered::Disconnected(message)) => {
                        return Err(SendError(message));
                    }
                }
                Ok(())
            }
            Parcel::Partner(mut receiver) => {
                receiver.put(Parcel::Value(message));
                receiver.finish().wake_next();
                Ok(())
            }
            _ => Err(SendError(message)),
        }
    }

    /// This arm in the list that a select goes through.
    #[inline]
    pub fn as_case(&self) -> Case<'_> {
        Case::with_hint(self, self.sender.hint())
    }

    fn keep(&self, parcel: Parcel<T>) -> bool {
        // SAFETY: in no line.
        unsafe { self.packet.put(parcel) };
        true
    }

    /// Gives back what was kept for a message that is not sent.
    fn give_back(&self) {
        // SAFETY: in no line.
        match unsafe { self.packet.take() } {
            Parcel::Room => {
                let channel = self.sender.channel();
                let mut state = channel.lock();
                state.give_room_back();
                if !fault!("chan.arm.gives_back_silently") {
                    channel.refill(state);
                }
            }
            Parcel::Partner(mut receiver) => {
                let parcel = if fault!("chan.arm.ends_partner") { Parcel::Empty } else { Parcel::Again };
                receiver.put(parcel);
                receiver.finish().wake();
            }
            _ => {}
        }
    }
}

impl<T> Drop for SendArm<'_, T> {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl<T> Selectable for SendArm<'_, T> {
    fn attempt(&self, _agent: &dyn Agent) -> bool {
        let mut state = self.sender.channel().lock();
        match state.reserve() {
            Reserved::Room => self.keep(Parcel::Room),
            Reserved::Partner(receiver) => self.keep(Parcel::Partner(receiver)),
            Reserved::Disconnected => true,
            Reserved::Full => {
                state.keep_outlook(SEND);
                false
            }
        }
    }

    unsafe fn register(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        let channel = self.sender.channel();
        let mut state = channel.lock();
        if state.can_send(ticket) {
            return false;
        }
        // SAFETY: the caller's promise, and the place keeps the waiter until it is in no line.
        unsafe { state.push_sender(self.place.fill(agent, self.packet.place(), ticket, arm)) };
        channel.unlock(state);
        true
    }

    fn unregister(&self, claimed: bool) {
        if let Some(waiter) = self.place.waiter() {
            // SAFETY: `register` has put it into this line.
            unsafe { self.sender.channel().leave(Side::Senders, waiter) };
            if claimed {
                waiter.wait_for_claimant();
                self.give_back();
            }
        }
        self.place.clear();
    }

    fn accept(&self, agent: &dyn Agent) -> bool {
        wait_for_claimant(&self.place, agent);
        self.place.clear();
        true
    }

    fn is_ready(&self) -> bool {
        self.sender.channel().lock().can_send(&Ticket::new())
    }

    unsafe fn watch(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        let mut state = self.sender.channel().lock();
        if state.can_send(ticket) {
            return false;
        }
        // SAFETY: the caller's promise, and the place keeps the waiter until it is in no line.
        unsafe { state.push_watcher(self.place.fill(agent, self.packet.place(), ticket, arm)) };
        true
    }

    fn unwatch(&self, claimed: bool) {
        unwatch(self.sender.channel(), &self.place, claimed);
    }
}

fn unwatch<T>(channel: &Channel<T>, place: &Place, claimed: bool) {
    if let Some(waiter) = place.waiter() {
        // SAFETY: `watch` has put it into this line.
        unsafe { channel.lock().watchers.remove(waiter) };
        if claimed {
            waiter.wait_for_claimant();
        }
    }
    place.clear();
}

/// Waits until who has claimed the waiter has finished. Maybe he is a select that has yet to run, so this parks.
fn wait_for_claimant(place: &Place, agent: &dyn Agent) {
    if let Some(waiter) = place.waiter().filter(|_| !fault!("chan.accept.does_not_wait")) {
        let _ = waiter.wait(agent, None, Reason::Select(1), Cancellable::Never);
    }
}
