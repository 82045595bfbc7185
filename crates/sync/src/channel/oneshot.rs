//! A channel for one message: its sender sends once, and neither side can be cloned.
//!
//! Knows nothing of how a message gets across: it is a channel with room for one, and what holds there holds here.

use super::future::OneshotFuture;
use super::select::internal::RecvArm;
use super::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError, bounded};
use std::fmt;
use std::future::IntoFuture;
use std::time::{Duration, Instant};

/// A channel for one message, such as the answer to a question.
///
/// ```
/// use sisal_sync::channel::{oneshot, unbounded};
///
/// let (ask, questions) = unbounded::<(u32, oneshot::Sender<u32>)>();
/// std::thread::spawn(move || {
///     for (number, answer) in questions {
///         let _ = answer.send(number * number);
///     }
/// });
/// let (sender, answer) = oneshot();
/// ask.send((12, sender)).unwrap();
/// assert_eq!(answer.recv(), Ok(144));
/// ```
pub fn oneshot<T>() -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = bounded(1);
    (Sender(sender), Receiver(receiver))
}

/// The right to send the one message. Dropping it unused ends the wait for it.
pub struct Sender<T>(super::Sender<T>);

impl<T> Sender<T> {
    /// Sends the message, without waiting.
    ///
    /// # Errors
    /// With the message, if the receiver is gone. (If it is dropped later, so is the message.)
    ///
    /// ```
    /// # use sisal_sync::channel::{SendError, oneshot};
    /// let (sender, receiver) = oneshot();
    /// drop(receiver);
    /// assert_eq!(sender.send(1), Err(SendError(1)));
    /// ```
    pub fn send(self, message: T) -> Result<(), SendError<T>> {
        self.0.try_send(message).map_err(|error| match error {
            TrySendError::Full(message) | TrySendError::Disconnected(message) => SendError(message),
        })
    }

    /// Whether the receiver is gone, so that nobody wants the message any more.
    ///
    /// ```
    /// # use sisal_sync::channel::oneshot;
    /// let (sender, receiver) = oneshot::<u32>();
    /// assert!(!sender.is_closed());
    /// drop(receiver);
    /// assert!(sender.is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        self.0.is_disconnected()
    }
}

/// The right to receive the one message: by waiting for it, as an arm of [`select!`](crate::select), or as a future.
///
/// ```
/// # use sisal_sync::channel::oneshot;
/// # use sisal_park::block_on;
/// let (sender, receiver) = oneshot();
/// sender.send("hello").unwrap();
/// assert_eq!(block_on(async { receiver.await }), Ok("hello"));
/// ```
pub struct Receiver<T>(super::Receiver<T>);

impl<T> Receiver<T> {
    /// Waits for the message.
    ///
    /// # Errors
    /// If the sender was dropped without sending, the message was received already, or the fiber was cancelled while it waited.
    pub fn recv(self) -> Result<T, RecvError> {
        self.0.recv()
    }

    /// Waits for the message, for `timeout` at the longest.
    ///
    /// # Errors
    /// If it has not come by then; and as [`recv`](Self::recv).
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.0.recv_timeout(timeout)
    }

    /// Waits for the message, until `deadline` at the longest.
    ///
    /// # Errors
    /// As [`recv_timeout`](Self::recv_timeout).
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.0.recv_deadline(deadline)
    }

    /// The message, if it is there.
    ///
    /// # Errors
    /// If it is not, or never will be.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.0.try_recv()
    }

    /// What `recv(receiver)` in a select expands to.
    #[doc(hidden)]
    pub fn recv_arm(&self) -> RecvArm<'_, T> {
        self.0.recv_arm()
    }
}

/// The message, as from [`Receiver::recv`]. A future that is dropped before it was done drops the receiver; to keep it, poll
/// in a [`select!`](crate::select) or by [`Receiver::try_recv`].
impl<T> IntoFuture for Receiver<T> {
    type Output = Result<T, RecvError>;
    type IntoFuture = OneshotFuture<T>;

    fn into_future(self) -> OneshotFuture<T> {
        OneshotFuture::new(self.0)
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("oneshot::Sender { .. }")
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("oneshot::Receiver { .. }")
    }
}
