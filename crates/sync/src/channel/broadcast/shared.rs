//! The log of a broadcast: the last messages, numbered, and who waits for the next one.
//!
//! Knows nothing of how one waits, nor of a message's clones.
//!
//! ```text
//!   first = 7, end = 10        receiver at 9: gets 9, then waits
//!   ┌───┬───┬───┐              receiver at 10: waits in the line
//!   │ 7 │ 8 │ 9 │              receiver at 4: has missed 3, and goes on at 7
//!   └───┴───┴───┘
//! ```
//!
//! Invariants, true whenever the lock is free:
//! 1. `first + log.len()` is the number of the next message; no more than `capacity` are in the log.
//! 2. Who stands in the line came when there was no message for it, and is told of the next one: all of them are, so nobody
//!    passes anything on.
//! 3. Messages are dropped and wakers called outside the lock.
//! 4. There are `senders` handles, and `receivers`. Without senders nobody begins to wait.

use super::RecvError;
use sisal_base::sync::{SpinGuard, SpinLock};
use sisal_base::{CachePadded, fault};
use sisal_park::{WaitQueue, WakeBatch};
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) struct Log<T> {
    /// Behind a counter, so that no user's `clone` runs under the lock.
    messages: VecDeque<Arc<T>>,
    /// The number of the first of them.
    first: u64,
    capacity: usize,
    senders: usize,
    receivers: usize,
    pub(super) line: WaitQueue,
}

pub(super) struct Shared<T> {
    // Aligned as `ChannelPlace` wants it.
    pub(super) log: CachePadded<SpinLock<Log<T>>>,
}

impl<T> Log<T> {
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    fn end(&self) -> u64 {
        self.first + self.messages.len() as u64
    }

    /// Whether a receiver at `next` need not wait.
    pub(super) fn is_ready(&self, next: u64) -> bool {
        next < self.end() || self.senders == 0
    }

    /// What a receiver at `next` gets, which moves on by that; `None` if it has to wait.
    pub(super) fn take(&self, next: &mut u64) -> Option<Result<Arc<T>, RecvError>> {
        if *next < self.first {
            let missed = self.first - *next;
            *next = self.first;
            return Some(Err(RecvError::Lagged(missed)));
        }
        match self.messages.get((*next - self.first) as usize) {
            Some(message) => {
                *next += 1;
                Some(Ok(Arc::clone(message)))
            }
            None if self.senders == 0 => Some(Err(RecvError::Disconnected)),
            None => None,
        }
    }

    /// How many messages a receiver at `next` can have now.
    pub(super) fn len(&self, next: u64) -> usize {
        (self.end() - next.max(self.first)) as usize
    }
}

impl<T> Shared<T> {
    /// Of one sender and one receiver.
    pub(super) fn new(capacity: usize) -> Self {
        let messages = VecDeque::new();
        let line = WaitQueue::new();
        let log = Log { messages, first: 0, capacity, senders: 1, receivers: 1, line };
        Self { log: CachePadded::new(SpinLock::new(log)) }
    }

    pub(super) fn lock(&self) -> SpinGuard<'_, Log<T>> {
        self.log.lock()
    }

    /// What a wait must not do between its look and its place in the line.
    pub(super) fn lock_again<'a>(&'a self, log: SpinGuard<'a, Log<T>>) -> SpinGuard<'a, Log<T>> {
        drop(log);
        self.lock()
    }

    /// The number of receivers that `message` is for; the message, if that is 0.
    pub(super) fn send(&self, message: T) -> Result<usize, T> {
        let message = Arc::new(message);
        let mut log = self.lock();
        let receivers = log.receivers;
        if receivers == 0 {
            drop(log);
            return Err(Arc::into_inner(message).expect("nobody else has it"));
        }
        let oldest = if log.messages.len() == log.capacity {
            log.first += 1;
            log.messages.pop_front()
        } else {
            None
        };
        log.messages.push_back(message);
        self.tell_all(log);
        drop(oldest);
        Ok(receivers)
    }

    /// Wakes all who stand in the line now. `log` is this one's.
    fn tell_all<'a>(&'a self, mut log: SpinGuard<'a, Log<T>>) {
        // Those who come meanwhile stand behind them.
        let mut left = log.line.len();
        loop {
            let mut batch = WakeBatch::new();
            while left > 0 && batch.has_room() {
                left -= 1;
                match log.line.pop() {
                    Some(claimed) => batch.push(claimed.finish()),
                    None => left = 0,
                }
            }
            drop(log);
            batch.wake_all();
            if left == 0 || fault!("broadcast.tell.one_batch") {
                return;
            }
            log = self.lock();
        }
    }

    pub(super) fn add_sender(&self) {
        self.lock().senders += 1;
    }

    pub(super) fn drop_sender(&self) {
        let mut log = self.lock();
        log.senders -= 1;
        if log.senders == 0 && !fault!("broadcast.drop_sender.tells_nobody") {
            self.tell_all(log);
        }
    }

    pub(super) fn add_receiver(&self) {
        self.lock().receivers += 1;
    }

    /// The number of the first message for it.
    pub(super) fn add_receiver_at_end(&self) -> u64 {
        let mut log = self.lock();
        log.receivers += 1;
        log.end()
    }

    pub(super) fn drop_receiver(&self) {
        let mut log = self.lock();
        log.receivers -= 1;
        if log.receivers == 0 {
            // Nobody will have them: whoever subscribes begins after them.
            log.first = log.end();
            let messages = std::mem::take(&mut log.messages);
            drop(log);
            drop(messages);
        }
    }

    pub(super) fn receiver_count(&self) -> usize {
        self.lock().receivers
    }
}
