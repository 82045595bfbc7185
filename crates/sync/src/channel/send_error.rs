//! Why a message was not sent. Each error gives the message back.
//!
//! Knows nothing of channels.

use std::error::Error;
use std::fmt;

/// The channel is disconnected (or the fiber was cancelled while it waited): the message was not sent.
///
/// ```
/// # use sisal_sync::channel::{SendError, unbounded};
/// let (sender, receiver) = unbounded();
/// drop(receiver);
/// assert_eq!(sender.send("late"), Err(SendError("late")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> SendError<T> {
    /// The message.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (sender, receiver) = unbounded();
    /// drop(receiver);
    /// assert_eq!(sender.send("late").unwrap_err().into_inner(), "late");
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody receives from this channel any more, or the wait was cancelled")
    }
}

impl<T: Send> Error for SendError<T> {}

/// Why [`Sender::try_send`](super::Sender::try_send) has not sent its message.
///
/// ```
/// # use sisal_sync::channel::{TrySendError, bounded};
/// let (sender, receiver) = bounded(1);
/// sender.send(1).unwrap();
/// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
/// drop(receiver);
/// assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// There is no room; in a channel without a buffer, nobody who waits to receive.
    Full(T),
    /// There is no receiver any more.
    Disconnected(T),
}

impl<T> TrySendError<T> {
    /// The message.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// let (sender, _receiver) = bounded(0);
    /// assert_eq!(sender.try_send("nobody").unwrap_err().into_inner(), "nobody");
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(message) | Self::Disconnected(message) => message,
        }
    }

    /// Whether there was no room.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// let (sender, _receiver) = bounded(0);
    /// assert!(sender.try_send(1).unwrap_err().is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// Whether there was no receiver.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// let (sender, receiver) = bounded(0);
    /// drop(receiver);
    /// assert!(sender.try_send(1).unwrap_err().is_disconnected());
    /// ```
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Disconnected(_))
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Disconnected(_) => "Disconnected(..)",
        })
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "no room in the channel",
            Self::Disconnected(_) => "nobody receives from this channel any more",
        })
    }
}

impl<T: Send> Error for TrySendError<T> {}

impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(error: SendError<T>) -> Self {
        Self::Disconnected(error.0)
    }
}

/// Why [`Sender::send_timeout`](super::Sender::send_timeout) has not sent its message.
///
/// ```
/// # use sisal_sync::channel::{SendTimeoutError, bounded};
/// # use std::time::Duration;
/// let (sender, _receiver) = bounded(0);
/// assert_eq!(sender.send_timeout(1, Duration::from_millis(1)), Err(SendTimeoutError::Timeout(1)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// There was no room, or no receiver that waited, up to the end of the time (or until the fiber was cancelled).
    Timeout(T),
    /// There is no receiver any more.
    Disconnected(T),
}

impl<T> SendTimeoutError<T> {
    /// The message.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// # use std::time::Duration;
    /// let (sender, _receiver) = bounded(0);
    /// assert_eq!(sender.send_timeout(1, Duration::ZERO).unwrap_err().into_inner(), 1);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            Self::Timeout(message) | Self::Disconnected(message) => message,
        }
    }

    /// Whether the time was over.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// # use std::time::Duration;
    /// let (sender, _receiver) = bounded(0);
    /// assert!(sender.send_timeout(1, Duration::ZERO).unwrap_err().is_timeout());
    /// ```
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout(_))
    }

    /// Whether there was no receiver.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// # use std::time::Duration;
    /// let (sender, receiver) = bounded(0);
    /// drop(receiver);
    /// assert!(sender.send_timeout(1, Duration::ZERO).unwrap_err().is_disconnected());
    /// ```
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Disconnected(_))
    }
}

impl<T> fmt::Debug for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout(_) => "Timeout(..)",
            Self::Disconnected(_) => "Disconnected(..)",
        })
    }
}

impl<T> fmt::Display for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout(_) => "no room in the channel up to the deadline, or until the wait was cancelled",
            Self::Disconnected(_) => "nobody receives from this channel any more",
        })
    }
}

impl<T: Send> Error for SendTimeoutError<T> {}

impl<T> From<SendError<T>> for SendTimeoutError<T> {
    fn from(error: SendError<T>) -> Self {
        Self::Disconnected(error.0)
    }
}
