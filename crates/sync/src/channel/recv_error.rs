//! Why no message was received.
//!
//! Knows nothing of channels.

use std::error::Error;
use std::fmt;

/// The channel is empty and disconnected (or the fiber was cancelled while it waited).
///
/// ```
/// # use sisal_sync::channel::{RecvError, unbounded};
/// let (sender, receiver) = unbounded::<u8>();
/// drop(sender);
/// assert_eq!(receiver.recv(), Err(RecvError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody sends to this empty channel any more, or the wait was cancelled")
    }
}

impl Error for RecvError {}

/// Why [`Receiver::try_recv`](super::Receiver::try_recv) has no message.
///
/// ```
/// # use sisal_sync::channel::{TryRecvError, unbounded};
/// let (sender, receiver) = unbounded::<u8>();
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
/// drop(sender);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is none now; in a channel without a buffer, nobody who waits to send.
    Empty,
    /// There is none, and no sender any more.
    Disconnected,
}

impl TryRecvError {
    /// Whether there was none, but may come one.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (_sender, receiver) = unbounded::<u8>();
    /// assert!(receiver.try_recv().unwrap_err().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Whether none will ever come.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (sender, receiver) = unbounded::<u8>();
    /// drop(sender);
    /// assert!(receiver.try_recv().unwrap_err().is_disconnected());
    /// ```
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Disconnected)
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "no message in the channel",
            Self::Disconnected => "nobody sends to this empty channel any more",
        })
    }
}

impl Error for TryRecvError {}

impl From<RecvError> for TryRecvError {
    fn from(_: RecvError) -> Self {
        Self::Disconnected
    }
}

/// Why [`Receiver::recv_timeout`](super::Receiver::recv_timeout) has no message.
///
/// ```
/// # use sisal_sync::channel::{RecvTimeoutError, unbounded};
/// # use std::time::Duration;
/// let (sender, receiver) = unbounded::<u8>();
/// assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// None came up to the end of the time (or until the fiber was cancelled).
    Timeout,
    /// There is none, and no sender any more.
    Disconnected,
}

impl RecvTimeoutError {
    /// Whether the time was over.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// # use std::time::Duration;
    /// let (_sender, receiver) = unbounded::<u8>();
    /// assert!(receiver.recv_timeout(Duration::ZERO).unwrap_err().is_timeout());
    /// ```
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// Whether none will ever come.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// # use std::time::Duration;
    /// let (sender, receiver) = unbounded::<u8>();
    /// drop(sender);
    /// assert!(receiver.recv_timeout(Duration::ZERO).unwrap_err().is_disconnected());
    /// ```
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Disconnected)
    }
}

impl fmt::Display for RecvTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "no message in the channel up to the deadline, or until the wait was cancelled",
            Self::Disconnected => "nobody sends to this empty channel any more",
        })
    }
}

impl Error for RecvTimeoutError {}

impl From<RecvError> for RecvTimeoutError {
    fn from(_: RecvError) -> Self {
        Self::Disconnected
    }
}
