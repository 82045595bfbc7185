//! The receiving side of a broadcast.
//!
//! Knows nothing of senders.

use super::shared::Shared;
use super::{RecvArm, RecvError, RecvFuture, RecvTimeoutError, TryRecvError};
use crate::line::{Stand, deadline_after};
use sisal_base::fault;
use sisal_base::sync::Arc as Handle;
use sisal_park::{Cancellable, ChannelPlace, Outcome, Reason, spend, with_current};
use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Receives each message of a [`broadcast`](super::broadcast()), from the place where it is. A clone is at the same place.
///
/// It is an arm of [`select!`](crate::select) too: `recv(receiver) -> message => ..`.
pub struct Receiver<T> {
    shared: Handle<Shared<T>>,
    /// The number of the next message.
    next: u64,
}

/// A wait without a message.
enum Lack {
    Now(RecvError),
    Late,
    Cancelled,
}

impl<T> Receiver<T> {
    /// Counted already.
    pub(super) fn new(shared: Handle<Shared<T>>, next: u64) -> Self {
        Self { shared, next }
    }

    /// Its channel and its place.
    pub(super) fn parts(&mut self) -> (&Shared<T>, &mut u64) {
        (&self.shared, &mut self.next)
    }

    /// How many messages it can have without waiting.
    pub fn len(&self) -> usize {
        self.shared.lock().len(self.next)
    }

    /// Whether it has to wait for the next message.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn take_until(&mut self, deadline: Option<Instant>) -> Result<Arc<T>, Lack> {
        spend();
        loop {
            let log = self.shared.lock();
            if let Some(taken) = log.take(&mut self.next) {
                return taken.map_err(Lack::Now);
            }
            let log = if fault!("broadcast.recv.gap") { self.shared.lock_again(log) } else { log };
            let reason =
                Reason::Recv(ChannelPlace::new((&raw const *self.shared).addr(), Some(log.capacity())));
            let outcome = with_current(|agent| {
                let (packet, cancellable) = (ptr::null_mut(), Cancellable::Always);
                let stand = Stand { agent, packet, deadline, reason, cancellable, in_front: false };
                stand.stand(&self.shared.log, log, |log| &mut log.line, || ())
            });
            match outcome {
                Outcome::Woken => {}
                Outcome::TimedOut => return Err(Lack::Late),
                Outcome::Cancelled(_) => return Err(Lack::Cancelled),
            }
        }
    }
}

impl<T: Clone> Receiver<T> {
    /// Waits for the next message.
    ///
    /// # Errors
    /// If messages were dropped before they could be received, with their number; if there is none and no sender any more; if
    /// the fiber was cancelled while it waited.
    ///
    /// ```
    /// let (sender, mut receiver) = sisal_sync::channel::broadcast(8);
    /// std::thread::spawn(move || sender.send("hello"));
    /// assert_eq!(receiver.recv(), Ok("hello"));
    /// ```
    pub fn recv(&mut self) -> Result<T, RecvError> {
        match self.take_until(None) {
            Ok(message) => Ok(Arc::unwrap_or_clone(message)),
            Err(Lack::Now(error)) => Err(error),
            Err(Lack::Late | Lack::Cancelled) => Err(RecvError::Disconnected),
        }
    }

    /// Waits for the next message, for `timeout` at the longest.
    ///
    /// # Errors
    /// If it has not come by then; and as [`recv`](Self::recv).
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match deadline_after(timeout) {
            Some(deadline) => self.recv_deadline(deadline),
            None => self.recv().map_err(RecvTimeoutError::from),
        }
    }

    /// Waits for the next message, until `deadline` at the longest.
    ///
    /// # Errors
    /// As [`recv_timeout`](Self::recv_timeout).
    pub fn recv_deadline(&mut self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        match self.take_until(Some(deadline)) {
            Ok(message) => Ok(Arc::unwrap_or_clone(message)),
            Err(Lack::Now(error)) => Err(error.into()),
            Err(Lack::Late | Lack::Cancelled) => Err(RecvTimeoutError::Timeout),
        }
    }

    /// The next message, if it is there.
    ///
    /// # Errors
    /// If it is not; and as [`recv`](Self::recv).
    ///
    /// ```
    /// # use sisal_sync::channel::broadcast::{self, TryRecvError};
    /// let (sender, mut receiver) = broadcast::broadcast(8);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(1).unwrap();
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        spend();
        let taken = self.shared.lock().take(&mut self.next);
        match taken {
            Some(Ok(message)) => Ok(Arc::unwrap_or_clone(message)),
            Some(Err(error)) => Err(error.into()),
            None => Err(TryRecvError::Empty),
        }
    }

    /// The next message, as a future for an executor of any kind. It may be dropped at any time: as long as it is not done, it has
    /// taken nothing.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// ```
    /// # use sisal_park::block_on;
    /// let (sender, mut receiver) = sisal_sync::channel::broadcast(8);
    /// std::thread::spawn(move || sender.send("hello"));
    /// assert_eq!(block_on(receiver.recv_async()), Ok("hello"));
    /// ```
    pub fn recv_async(&mut self) -> RecvFuture<'_, T> {
        RecvFuture::new(self)
    }

    /// What `recv(receiver)` in a select expands to.
    #[doc(hidden)]
    pub fn recv_arm(&mut self) -> RecvArm<'_, T> {
        RecvArm::new(self)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.add_receiver();
        Self { shared: Handle::clone(&self.shared), next: self.next }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.drop_receiver();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("broadcast::Receiver").field("next", &self.next).finish_non_exhaustive()
    }
}
