//! Receiving from a broadcast as a future.
//!
//! Knows nothing of who polls. Each message is told to all who wait, so that a future which was told and is dropped owes nothing to
//! anybody.

use super::super::seat::Seat;
use super::{Receiver, RecvError};
use sisal_park::{Waker, spend};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A message to be received: what [`Receiver::recv_async`] gives.
#[must_use = "a future does nothing unless it is polled"]
pub struct RecvFuture<'a, T> {
    receiver: &'a mut Receiver<T>,
    seat: Seat,
}

impl<'a, T> RecvFuture<'a, T> {
    pub(super) fn new(receiver: &'a mut Receiver<T>) -> Self {
        Self { receiver, seat: Seat::new() }
    }
}

impl<T: Clone> Future for RecvFuture<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        spend();
        // SAFETY: structural for the seat alone, which is not moved out of.
        let (receiver, seat) = unsafe {
            let this = self.get_unchecked_mut();
            (&mut *this.receiver, Pin::new_unchecked(&this.seat))
        };
        let (shared, next) = receiver.parts();
        let mut own = None;
        loop {
            let mut log = shared.lock();
            if let Some(taken) = log.take(next) {
                // SAFETY: its line.
                unsafe { seat.leave(&mut log.line) };
                drop(log);
                drop(own);
                seat.clear();
                return Poll::Ready(taken.map(Arc::unwrap_or_clone));
            }
            // SAFETY: its line.
            if unsafe { seat.enter(&mut log.line, context.waker(), &mut own) } {
                drop(log);
                drop(own);
                return Poll::Pending;
            }
            drop(log);
            own = Some(Waker::from(context.waker().clone()));
        }
    }
}

impl<T> Drop for RecvFuture<'_, T> {
    fn drop(&mut self) {
        // SAFETY: what is dropped does not move any more.
        let seat = unsafe { Pin::new_unchecked(&self.seat) };
        if !seat.is_empty() {
            let (shared, _) = self.receiver.parts();
            // SAFETY: its line.
            unsafe { seat.leave(&mut shared.lock().line) };
        }
    }
}

impl<T> fmt::Debug for RecvFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::RecvFuture { .. }")
    }
}
