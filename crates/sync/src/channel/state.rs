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
//!
//! Race, *two selects meet without a buffer*: A tries all its arms, B tries all of its own: nobody is there. A's sending arm
//! gets into the line, B's receiving arm finds it under the same lock, leaves all its lines and tries again. So whoever claims
//! another's arm stands in no line with any arm of its own: no agent has to claim two tickets at once, and no select can meet
//! itself.

use super::buffer::{Block, Buffer};
use super::packet::{Line, Met, Parcel};
use sisal_base::fault;
use sisal_park::{Ticket, WaitQueue, WakeBatch, Waker};

pub(super) struct State<T> {
    buffer: Buffer<T>,
    capacity: usize,
    reserved: usize,
    disconnected: bool,
    pub(super) senders: Line<T>,
    pub(super) receivers: Line<T>,
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
    /// A message; a sender to be woken; a block to be freed outside the lock.
    Message(T, Option<Waker>, Option<Box<Block<T>>>),
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

/// Wakers of both sides.
pub(super) type Wakers = (Option<Waker>, Option<Waker>);

impl<T> State<T> {
    pub(super) fn new(capacity: Option<usize>) -> Self {
        Self {
            buffer: Buffer::new(capacity),
            capacity: capacity.unwrap_or(usize::MAX),
            reserved: 0,
            disconnected: false,
            senders: Line::new(),
            receivers: Line::new(),
            watchers: WaitQueue::new(),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.buffer.len() + self.reserved < self.capacity
    }

    /// Whether a block must be supplied before a message may be offered.
    #[inline]
    pub(super) fn lacks_block(&self) -> bool {
        self.buffer.lacks_block()
    }

    pub(super) fn supply(&mut self, block: Box<Block<T>>) {
        self.buffer.supply(block);
    }

    /// Sends, if that needs no wait.
    #[inline]
    pub(super) fn offer(&mut self, message: T) -> Offered<T> {
        if self.disconnected {
            return Offered::Disconnected(message);
        }
        if !fault!("chan.offer.leaves_receivers") {
            if let Some(mut receiver) = self.receivers.pop() {
                receiver.put(Parcel::Value(message));
                return Offered::Sent(Some(receiver.finish()));
            }
        }
        if !self.has_room() {
            return Offered::Full(message);
        }
        self.buffer.push(message);
        Offered::Sent(None)
    }

    /// Receives, if that needs no wait.
    #[inline]
    pub(super) fn take(&mut self) -> Taken<T> {
        if let Some((message, block)) = self.buffer.pop() {
            if fault!("chan.take.leaves_senders") {
                return Taken::Message(message, None, block);
            }
            // No receiver waits (invariant 1), so there is one waker at most.
            let (sender, _) = self.refill();
            return Taken::Message(message, sender, block);
        }
        if self.capacity == 0 {
            if let Some(sender) = self.senders.pop() {
                return Self::meet(sender);
            }
        }
        if self.disconnected { Taken::Disconnected } else { Taken::Empty }
    }

    /// Takes the message of a sender in whose place a receiver has come.
    fn meet(mut sender: Met<T>) -> Taken<T> {
        match sender.take() {
            Parcel::Value(message) => Taken::Message(message, Some(sender.finish()), None),
            _ => Taken::Promise(sender),
        }
    }

    /// Lets the oldest sender have a room that has come up: its message goes to the oldest receiver or into the buffer.
    #[inline]
    fn refill(&mut self) -> Wakers {
        if self.senders.is_empty() || !self.has_room() { (None, None) } else { self.refill_slow() }
    }

    #[cold]
    fn refill_slow(&mut self) -> Wakers {
        let Some(mut sender) = self.senders.pop() else { return (None, None) };
        let mut woken = None;
        match sender.take() {
            Parcel::Value(message) => match self.receivers.pop() {
                Some(mut receiver) => {
                    receiver.put(Parcel::Value(message));
                    woken = Some(receiver.finish());
                }
                None => self.buffer.push(message),
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
            let (sender, receiver) = self.refill();
            let Some(sender) = sender else { return false };
            batch.push(sender);
            receiver.into_iter().for_each(|receiver| batch.push(receiver));
        }
        true
    }

    /// Keeps what a sending arm needs so that its message, which comes later, need not wait.
    pub(super) fn reserve(&mut self) -> Reserved<T> {
        if self.disconnected {
            return Reserved::Disconnected;
        }
        if self.capacity == 0 {
            return self.receivers.pop().map_or(Reserved::Full, Reserved::Partner);
        }
        if !self.has_room() {
            return Reserved::Full;
        }
        self.reserved += 1;
        Reserved::Room
    }

    /// Sends in the room that was kept: to the oldest receiver, or into the buffer.
    pub(super) fn use_room(&mut self, message: T) -> Offered<T> {
        self.reserved -= 1;
        // Neither full, since the room was kept, nor in need of a block, since who calls this has seen to it.
        self.offer(message)
    }

    /// Gives back the room that was kept.
    pub(super) fn give_room_back(&mut self) {
        self.reserved -= 1;
    }

    /// Whether a receive needs no wait, for an arm of the select of `own`.
    pub(super) fn can_take(&self, own: &Ticket) -> bool {
        self.len() > 0 || self.disconnected || (self.capacity == 0 && self.senders.has_open(own))
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
        self.senders.pop_into(batch) || self.receivers.pop_into(batch) || self.watchers.pop_into(batch)
    }
}
