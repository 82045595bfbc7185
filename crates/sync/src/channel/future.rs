//! Sending and receiving as futures.
//!
//! Knows nothing of who polls them. What a channel owes to its futures stands in `state.rs`, invariants 6 and 7.
//!
//! Race, *told and dropped*: A waits. B sends, which puts the message into the buffer and tells A. A is dropped before it is
//! polled. Its drop sees that it was told, finds the message still there and tells C, who waits behind A. Had A been handed
//! the message, it would be lost.

use super::clock::Alarm;
use super::core::Channel;
use super::outlook::Locked;
use super::receiver::Source;
use super::seat::Seat;
use super::state::{Offered, Taken};
use super::timer::Timer;
use super::{Receiver, RecvError, SendError, Sender};
use sisal_base::fault;
use sisal_park::{Waker, spend, with_current};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{self, Context, Poll};
use std::time::Instant;

/// A message to be received: what [`Receiver::recv_async`] gives.
#[must_use = "a future does nothing unless it is polled"]
pub struct RecvFuture<'a, T> {
    receiver: &'a Receiver<T>,
    wait: RecvWait,
}

/// The message of a [`oneshot`](super::oneshot()), to be received: what awaiting its receiver makes.
#[must_use = "a future does nothing unless it is polled"]
pub struct OneshotFuture<T> {
    receiver: Receiver<T>,
    wait: RecvWait,
}

/// What a receiving future needs while it waits.
struct RecvWait {
    seat: Seat,
    alarm: Alarm,
    /// Since when it has waited for a tick.
    since: Option<Instant>,
}

/// A message to be sent: what [`Sender::send_async`] gives.
#[must_use = "a future does nothing unless it is polled"]
pub struct SendFuture<'a, T> {
    sender: &'a Sender<T>,
    /// Until it is sent.
    message: Option<T>,
    seat: Seat,
}

impl RecvWait {
    fn new() -> Self {
        Self { seat: Seat::new(), alarm: Alarm::new(), since: None }
    }

    fn poll<T>(
        self: Pin<&mut Self>,
        receiver: &Receiver<T>,
        waker: &task::Waker,
    ) -> Poll<Result<T, RecvError>> {
        spend();
        // SAFETY: structural for the seat alone, which is not moved out of.
        let (seat, this) = unsafe {
            let this = self.get_unchecked_mut();
            (Pin::new_unchecked(&this.seat), (&mut this.alarm, &mut this.since))
        };
        match receiver.source() {
            Source::Channel(channel) => channel.poll_recv(seat, waker),
            Source::Timer(timer, make) => poll_timer(timer, this.0, this.1, waker).map(|time| Ok(make(time))),
            Source::Never => Poll::Pending,
        }
    }

    /// Its future is dropped.
    fn leave<T>(&self, receiver: &Receiver<T>) {
        if let Source::Channel(channel) = receiver.source() {
            // SAFETY: what is dropped does not move any more.
            channel.drop_recv(unsafe { Pin::new_unchecked(&self.seat) });
        }
    }
}

impl<'a, T> RecvFuture<'a, T> {
    pub(super) fn new(receiver: &'a Receiver<T>) -> Self {
        Self { receiver, wait: RecvWait::new() }
    }
}

impl<T> Future for RecvFuture<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: structural for the wait alone, which is not moved out of.
        let (receiver, wait) = unsafe {
            let this = self.get_unchecked_mut();
            (this.receiver, Pin::new_unchecked(&mut this.wait))
        };
        wait.poll(receiver, context.waker())
    }
}

impl<T> Drop for RecvFuture<'_, T> {
    fn drop(&mut self) {
        self.wait.leave(self.receiver);
    }
}

impl<T> OneshotFuture<T> {
    pub(super) fn new(receiver: Receiver<T>) -> Self {
        Self { receiver, wait: RecvWait::new() }
    }
}

impl<T> Future for OneshotFuture<T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: as in `RecvFuture::poll`.
        let (receiver, wait) = unsafe {
            let this = self.get_unchecked_mut();
            (&this.receiver, Pin::new_unchecked(&mut this.wait))
        };
        wait.poll(receiver, context.waker())
    }
}

impl<T> Drop for OneshotFuture<T> {
    fn drop(&mut self) {
        self.wait.leave(&self.receiver);
    }
}

fn poll_timer(
    timer: &Timer,
    alarm: &mut Alarm,
    since: &mut Option<Instant>,
    waker: &task::Waker,
) -> Poll<Instant> {
    let now = with_current(|agent| agent.now());
    let waits_since = *since.get_or_insert(now);
    if let Some(time) = timer.take(now, waits_since) {
        *since = None;
        return Poll::Ready(time);
    }
    if let Some(due) = timer.due() {
        alarm.set(due, waker);
    }
    Poll::Pending
}

impl<'a, T> SendFuture<'a, T> {
    pub(super) fn new(sender: &'a Sender<T>, message: T) -> Self {
        Self { sender, message: Some(message), seat: Seat::new() }
    }
}

impl<T> Future for SendFuture<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        spend();
        // SAFETY: structural for the seat alone, which is not moved out of.
        let (this, seat) = unsafe {
            let this = self.get_unchecked_mut();
            (this.sender, (&mut this.message, Pin::new_unchecked(&this.seat)))
        };
        this.channel().poll_send(seat.0, seat.1, context.waker())
    }
}

impl<T> Drop for SendFuture<'_, T> {
    fn drop(&mut self) {
        // SAFETY: what is dropped does not move any more.
        self.sender.channel().drop_send(unsafe { Pin::new_unchecked(&self.seat) });
    }
}

impl<T> Channel<T> {
    fn poll_recv(&self, seat: Pin<&Seat>, waker: &task::Waker) -> Poll<Result<T, RecvError>> {
        let mut own = None;
        loop {
            let mut state = self.lock();
            if state.has_waiting() {
                // First, so that the place of the message is not filled for us. (It was told, if it was, of this one.)
                // SAFETY: its line.
                unsafe { seat.leave(&mut state.recv_futures) };
                let result = self.finish_recv(state);
                drop(own);
                seat.clear();
                return Poll::Ready(result);
            }
            // SAFETY: its line.
            if !unsafe { seat.enter(&mut state.recv_futures, waker, &mut own) } {
                drop(state);
                own = Some(Waker::from(waker.clone()));
                continue;
            }
            // Somebody who stands here with a message gives it to whoever has waited longest: maybe to us.
            let wakers = state.refill_hand();
            let is_told = seat.is_told();
            self.unlock_and_wake(state, wakers);
            drop(own.take());
            if !is_told {
                return Poll::Pending;
            }
        }
    }

    /// Takes what waits.
    fn finish_recv(&self, mut state: Locked<'_, T>) -> Result<T, RecvError> {
        match state.take_waiting() {
            Taken::Message(message, wakers, block) => {
                self.unlock_and_wake(state, wakers);
                drop(block);
                Ok(message)
            }
            _ => Err(RecvError),
        }
    }

    #[inline]
    fn drop_recv(&self, seat: Pin<&Seat>) {
        if seat.is_empty() {
            return;
        }
        let mut state = self.lock();
        // SAFETY: its line.
        let was_told = unsafe { seat.leave(&mut state.recv_futures) };
        let is_passed_on = was_told && !fault!("chan.drop_recv.tells_nobody");
        let next = if is_passed_on { state.pass_message_on() } else { None };
        self.unlock_and_wake(state, (None, next));
    }

    fn poll_send(
        &self,
        place: &mut Option<T>,
        seat: Pin<&Seat>,
        waker: &task::Waker,
    ) -> Poll<Result<(), SendError<T>>> {
        let mut own = None;
        loop {
            // Before the lock: a panic hook may use channels.
            let message = place.take().expect("a send is not polled again when it is done");
            let mut state = self.lock_to_send();
            let offered = match state.offer(message) {
                Offered::Full(message) => {
                    *place = Some(message);
                    None
                }
                Offered::Sent(receiver) => Some(Ok(receiver)),
                Offered::Disconnected(message) => Some(Err(SendError(message))),
            };
            if let Some(offered) = offered {
                // SAFETY: its line.
                let was_told = unsafe { seat.leave(&mut state.send_futures) };
                let result = offered.map(|receiver| {
                    // It may have been told of room, and a receiver has come by since.
                    let is_passed_on = was_told && !fault!("chan.poll_send.keeps_room");
                    let next = if is_passed_on { state.pass_room_on() } else { None };
                    self.unlock_and_wake(state, (next, receiver));
                });
                drop(own);
                seat.clear();
                return Poll::Ready(result);
            }
            // SAFETY: its line.
            if unsafe { seat.enter(&mut state.send_futures, waker, &mut own) } {
                drop(state);
                drop(own);
                return Poll::Pending;
            }
            drop(state);
            own = Some(Waker::from(waker.clone()));
        }
    }

    #[inline]
    fn drop_send(&self, seat: Pin<&Seat>) {
        if seat.is_empty() {
            return;
        }
        let mut state = self.lock();
        // SAFETY: its line.
        let was_told = unsafe { seat.leave(&mut state.send_futures) };
        let is_passed_on = was_told && !fault!("chan.drop_send.tells_nobody");
        let next = if is_passed_on { state.pass_room_on() } else { None };
        self.unlock_and_wake(state, (next, None));
    }
}

impl<T> fmt::Debug for RecvFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecvFuture { .. }")
    }
}

impl<T> fmt::Debug for OneshotFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneshotFuture { .. }")
    }
}

impl<T> fmt::Debug for SendFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendFuture { .. }")
    }
}
