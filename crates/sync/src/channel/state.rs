//! What a channel's lock guards, and what can happen to it: the whole logic of a channel, without its waits.
//!
//! Knows nothing of agents that park, of deadlines, of reference counts. Each transition happens under the lock and says what
//! must be done once it is released.
//!
//! Invariants, true whenever the lock is free:
//! 1. While receivers wait, no message is in the buffer; so a message that is handed to a receiver overtakes none.
//! 2. While senders wait, there is no room: `len + reserved == capacity`.
//! 3. `reserved` places belong to sending arms that were selected and whose messages have yet to come. Their order is that in
//!    which they come, not that in which they were selected: nobody ever waits for one of them.
//! 4. Without a buffer (`capacity == 0`), a sender or a receiver waits only while nobody else waits on the other side, arms of
//!    its own select apart.
//! 5. Once `disconnected`, nobody begins to wait.
//! 6. Futures stand in lines of their own, and are told to come and look, never handed a message: one that is dropped has taken
//!    nothing. Of those that were told and have not looked yet, there are as many as there are messages in the buffer (places
//!    that are free), or nobody else stands in that line. So whoever adds a message (frees a place) tells one; and one
//!    that was told and will not take it tells the next.
//! 7. While futures wait to receive, a channel without a buffer has a place for one message.
//!
//! Why 7: neither of two futures may hand a message to the other, which might never look again. So the sender leaves it
//! with the channel, where any receiver finds it. Agents go first: a message goes to a receiver that waits on its stack, and
//! a place to a sender that does, since those are fulfilled at once (invariants 1 and 2), and a future must be polled first.
//!
//! Race, *told of room, served by a receiver*: A receiver takes a message from a full channel; future F is told that there is
//! room. Receiver R begins to wait. F hands its message to R: the room is still there, and F tells the next future.
//!
//! Race, *two selects meet without a buffer*: A tries all its arms, B tries all of its own: nobody is there. A's sending arm
//! gets into the line, B's receiving arm finds it under the same lock, leaves all its lines and tries again. So whoever claims
//! another's arm stands in no line with any arm of its own: no agent has to claim two tickets at once, and no select can meet
//! itself.

use super::buffer::{Block, Buffer};
use super::outlook::{RECEIVE, SEND, WATCHED};
use super::packet::{Line, Met, Parcel};
use sisal_base::fault;
use sisal_park::{Claimed, Ticket, WaitQueue, Waiter, WakeBatch, Waker};
use std::pin::Pin;

/// Which side of a channel.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Senders,
    Receivers,
}

pub(super) struct State<T> {
    buffer: Buffer<T>,
    disconnected: bool,
    /// What somebody ever wanted to follow from outside: `RECEIVE` and `SEND` in the outlook, `WATCHED`.
    followed: u8,
    receivers: Line<T>,
    senders: Line<T>,
    capacity: usize,
    reserved: usize,
    /// Futures that wait to send, and to receive.
    pub(super) send_futures: WaitQueue,
    pub(super) recv_futures: WaitQueue,
    /// Those who wait until something may be done, and do it later.
    pub(super) watchers: WaitQueue,
}

/// What became of a message that was offered.
#[must_use]
pub(super) enum Offered<T> {
    /// The channel has it. Whoever got it is to be woken.
    Sent(Option<Waker>),
    Full(T),
    Disconnected(T),
}

/// What a receiver found.
#[must_use]
pub(super) enum Taken<T> {
    /// A message; who is to be woken; a block to be freed outside the lock.
    Message(T, Wakers, Option<Box<Block<T>>>),
    /// A select that waits to send: it was claimed, and sends once it runs.
    Promise(Met<T>),
    Empty,
    Disconnected,
}

/// What a sending arm found.
#[must_use]
pub(super) enum Reserved<T> {
    Room,
    /// A receiver that was claimed, and waits for the message.
    Partner(Met<T>),
    Full,
    Disconnected,
}

/// Wakers of the senders' side, and of the receivers'.
pub(super) type Wakers = (Option<Waker>, Option<Waker>);

impl<T> State<T> {
    pub(super) fn new(capacity: Option<usize>) -> Self {
        Self {
            buffer: Buffer::new(capacity),
            capacity: capacity.unwrap_or(usize::MAX),
            reserved: 0,
            disconnected: false,
            followed: 0,
            senders: Line::new(),
            receivers: Line::new(),
            send_futures: WaitQueue::new(),
            recv_futures: WaitQueue::new(),
            watchers: WaitQueue::new(),
        }
    }

    /// How many messages wait, as users see it: none without a buffer.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.buffer.len().min(self.capacity)
    }

    /// Whether no message more can wait, as users see it: always without a buffer.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() + self.reserved >= self.capacity
    }

    /// Whether a side is gone.
    pub(super) fn is_disconnected(&self) -> bool {
        self.disconnected
    }

    /// Whether the buffer takes another message.
    #[inline]
    fn has_room(&self) -> bool {
        !self.is_full() || (self.capacity == 0 && self.has_hand())
    }

    /// Invariant 7.
    #[cold]
    fn has_hand(&self) -> bool {
        !self.recv_futures.is_empty() && self.buffer.len() + self.reserved == 0
    }

    /// Lets a receiver stand in its line; gives a future to be told of it, which has a message for whoever waits.
    ///
    /// # Safety
    /// As [`Line::push`], and there is nothing to receive.
    #[inline]
    pub(super) unsafe fn push_receiver(&mut self, waiter: Pin<&Waiter>) -> Option<Waker> {
        // SAFETY: the caller's promise.
        unsafe { self.receivers.push(waiter) };
        if self.capacity == 0 { self.tell_sender() } else { None }
    }

    /// Lets a sender stand in its line.
    ///
    /// # Safety
    /// As [`Line::push`], and it cannot send.
    pub(super) unsafe fn push_sender(&mut self, waiter: Pin<&Waiter>) {
        // SAFETY: the caller's promise.
        unsafe { self.senders.push(waiter) };
    }

    pub(super) fn line(&mut self, side: Side) -> &mut Line<T> {
        match side {
            Side::Senders => &mut self.senders,
            Side::Receivers => &mut self.receivers,
        }
    }

    /// Tells the future that has waited longest for a message (invariant 6).
    #[inline]
    fn tell_receiver(&mut self) -> Option<Waker> {
        if fault!("chan.push.tells_nobody") {
            return None;
        }
        self.recv_futures.pop().map(Claimed::finish)
    }

    /// Tells the future that has waited longest for room or for a receiver (invariant 6).
    #[cold]
    fn tell_sender(&mut self) -> Option<Waker> {
        self.send_futures.pop().map(Claimed::finish)
    }

    /// A future that was told of a message does not come for it.
    pub(super) fn pass_message_on(&mut self) -> Option<Waker> {
        if self.buffer.len() > 0 { self.tell_receiver() } else { None }
    }

    /// A future that was told that it may send does not.
    pub(super) fn pass_room_on(&mut self) -> Option<Waker> {
        if self.has_room() || !self.receivers.is_empty() { self.tell_sender() } else { None }
    }

    /// A future has begun to wait for a message: somebody may send now without a buffer (invariant 7).
    pub(super) fn refill_hand(&mut self) -> Wakers {
        let is_hand = self.capacity == 0 && !fault!("chan.enter.offers_no_hand");
        if is_hand { self.refill() } else { (None, None) }
    }

    /// Whether a block must be supplied before a message may be offered.
    #[inline]
    pub(super) fn lacks_block(&self) -> bool {
        self.buffer.lacks_block()
    }

    pub(super) fn supply(&mut self, block: Box<Block<T>>) {
        self.buffer.supply(block);
    }

    /// Whether there is nothing to receive now, and may be later.
    #[inline]
    pub(super) fn has_nothing(&self) -> bool {
        self.buffer.len() == 0 && !self.disconnected && (self.capacity != 0 || self.senders.is_empty())
    }

    /// Sends to a receiver that waits on its stack; gives the message back if there is none.
    #[inline]
    pub(super) fn hand_over(&mut self, message: T) -> Result<Waker, T> {
        if self.disconnected || fault!("chan.offer.leaves_receivers") {
            return Err(message);
        }
        match self.receivers.pop() {
            Some(mut receiver) => {
                receiver.put(Parcel::Value(message));
                Ok(receiver.finish())
            }
            None => Err(message),
        }
    }

    /// Whether the buffer takes a message at once, and nobody waits for one.
    #[inline(always)]
    pub(super) fn takes_alone(&self) -> bool {
        let nobody_receives = self.receivers.is_empty() && self.recv_futures.is_empty();
        nobody_receives && !self.disconnected && self.buffer.takes_at_once(self.reserved)
    }

    /// Sends a message that it [takes alone](Self::takes_alone).
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn put_alone(&mut self, message: T) {
        self.buffer.push_at_once(message);
    }

    /// Sends, if that needs no wait.
    #[inline]
    pub(super) fn offer(&mut self, message: T) -> Offered<T> {
        if self.disconnected {
            return Offered::Disconnected(message);
        }
        let message = match self.hand_over(message) {
            Ok(receiver) => return Offered::Sent(Some(receiver)),
            Err(message) => message,
        };
        if !self.has_room() {
            return Offered::Full(message);
        }
        self.buffer.push(message);
        Offered::Sent(self.tell_receiver())
    }

    /// Receives a message for whose place nobody waits: nobody is to be woken, and no block to be freed.
    #[inline]
    pub(super) fn take_alone(&mut self) -> Option<T> {
        if self.nobody_sends() { self.buffer.pop_within() } else { None }
    }

    /// Receives, if that needs no wait.
    #[inline]
    pub(super) fn take(&mut self) -> Taken<T> {
        match self.take_waiting() {
            Taken::Empty if self.capacity == 0 => self.senders.pop().map_or(Taken::Empty, Self::meet),
            taken => taken,
        }
    }

    /// Whether a message waits, or none will ever come.
    #[inline]
    pub(super) fn has_waiting(&self) -> bool {
        self.buffer.len() > 0 || self.disconnected
    }

    /// Receives a message from the buffer.
    #[inline]
    pub(super) fn take_waiting(&mut self) -> Taken<T> {
        if let Some((message, block)) = self.buffer.pop() {
            if fault!("chan.take.leaves_senders") {
                return Taken::Message(message, (None, None), block);
            }
            let wakers = self.refill();
            return Taken::Message(message, wakers, block);
        }
        if self.disconnected { Taken::Disconnected } else { Taken::Empty }
    }

    /// Takes the message of a sender in whose place a receiver has come.
    fn meet(mut sender: Met<T>) -> Taken<T> {
        match sender.take() {
            Parcel::Value(message) => Taken::Message(message, (Some(sender.finish()), None), None),
            _ => Taken::Promise(sender),
        }
    }

    /// Whether nobody waits to send.
    #[inline]
    fn nobody_sends(&self) -> bool {
        self.senders.is_empty() && self.send_futures.is_empty()
    }

    /// Lets the oldest sender have a room that has come up: its message goes to the oldest receiver or into the buffer.
    #[inline]
    fn refill(&mut self) -> Wakers {
        if self.nobody_sends() || !self.has_room() || self.disconnected {
            (None, None)
        } else {
            self.refill_slow()
        }
    }

    #[cold]
    fn refill_slow(&mut self) -> Wakers {
        let Some(mut sender) = self.senders.pop() else { return (self.tell_sender(), None) };
        let mut woken = None;
        match sender.take() {
            Parcel::Value(message) => match self.receivers.pop() {
                Some(mut receiver) => {
                    receiver.put(Parcel::Value(message));
                    woken = Some(receiver.finish());
                }
                None => {
                    self.buffer.push(message);
                    woken = self.tell_receiver();
                }
            },
            _ => {
                self.reserved += 1;
                sender.put(Parcel::Room);
            }
        }
        (Some(sender.finish()), woken)
    }

    /// Does that until invariant 2 holds again; `true` if `batch` is full before.
    pub(super) fn refill_into(&mut self, batch: &mut WakeBatch) -> bool {
        for _ in 0..WakeBatch::CAPACITY / 2 {
            let nobody_stands = self.senders.is_empty();
            let (sender, receiver) = self.refill();
            let is_over = nobody_stands || sender.is_none();
            batch.extend(sender);
            batch.extend(receiver);
            if is_over {
                return false;
            }
        }
        true
    }

    /// Keeps what a sending arm needs so that its message, which comes later, need not wait.
    pub(super) fn reserve(&mut self) -> Reserved<T> {
        if self.disconnected {
            return Reserved::Disconnected;
        }
        if self.capacity == 0 {
            if let Some(receiver) = self.receivers.pop() {
                return Reserved::Partner(receiver);
            }
        }
        if !self.has_room() {
            return Reserved::Full;
        }
        self.reserved += 1;
        Reserved::Room
    }

    /// Sends in the room that was kept: to the oldest receiver (`Ok`, and the room is free), or into the buffer. The caller has
    /// seen to it that there is a block for it.
    pub(super) fn use_room(&mut self, message: T) -> Result<Waker, Offered<T>> {
        self.reserved -= 1;
        if self.disconnected {
            return Err(Offered::Disconnected(message));
        }
        match self.receivers.pop() {
            Some(mut receiver) => {
                receiver.put(Parcel::Value(message));
                Ok(receiver.finish())
            }
            None => {
                self.buffer.push(message);
                Err(Offered::Sent(self.tell_receiver()))
            }
        }
    }

    /// Gives back the room that was kept.
    pub(super) fn give_room_back(&mut self) {
        self.reserved -= 1;
    }

    /// An arm has found that it cannot do `what`: from now on it wants to see that from outside.
    #[inline]
    pub(super) fn keep_outlook(&mut self, what: u8) {
        self.followed |= what;
    }

    /// Whether somebody stands in the line of those who are woken at any change.
    #[inline]
    pub(super) fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// Whether a change is to be seen from outside.
    #[inline(always)]
    pub(super) fn is_followed(&self) -> bool {
        self.followed != 0
    }

    /// Lets a watcher stand in its line.
    ///
    /// # Safety
    /// As [`Line::push`].
    pub(super) unsafe fn push_watcher(&mut self, waiter: Pin<&Waiter>) {
        self.followed |= WATCHED;
        // SAFETY: the caller's promise.
        unsafe { self.watchers.push(waiter) };
    }

    /// What could be done now, or is not followed. (Of an arm whose select is over it says that it could be met: it cannot be told from
    /// others without a walk.)
    #[inline]
    pub(super) fn outlook(&self) -> u8 {
        let is_hand = self.capacity == 0;
        let is_open = |what| self.followed & what == 0 || self.disconnected;
        let receive = is_open(RECEIVE) || self.buffer.len() > 0 || (is_hand && !self.senders.is_empty());
        let send = is_open(SEND) || self.has_room() || (is_hand && !self.receivers.is_empty());
        (if receive { RECEIVE } else { 0 }) | (if send { SEND } else { 0 })
    }

    /// Whether a receive needs no wait, for an arm of the select of `own`.
    pub(super) fn can_take(&self, own: &Ticket) -> bool {
        self.has_waiting() || (self.capacity == 0 && self.senders.has_open(own))
    }

    /// Whether a send needs no wait, for an arm of the select of `own`.
    pub(super) fn can_send(&self, own: &Ticket) -> bool {
        self.has_room() || self.disconnected || (self.capacity == 0 && self.receivers.has_open(own))
    }

    /// One side is gone. Gives the messages, which nobody can receive any more if it is the receivers' side.
    #[must_use = "messages are dropped outside the lock"]
    pub(super) fn disconnect(&mut self, discards: bool) -> Buffer<T> {
        self.disconnected = true;
        if discards { std::mem::replace(&mut self.buffer, Buffer::None) } else { Buffer::None }
    }

    /// Ends waits until `batch` is full, of everybody: after a disconnect. `true` if there are more.
    pub(super) fn dismiss(&mut self, batch: &mut WakeBatch) -> bool {
        self.senders.pop_into(batch)
            || self.receivers.pop_into(batch)
            || self.send_futures.pop_into(batch)
            || self.recv_futures.pop_into(batch)
            || self.watchers.pop_into(batch)
    }
}
