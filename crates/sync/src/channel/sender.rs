//! The sending side's handle.
//!
//! Knows nothing of how a message gets across; that is `core.rs`.

use super::core::{Channel, Refusal, Until};
use super::counted::Share;
use super::outlook::SEND;
use super::select::Hint;
use super::{SendError, SendFuture, SendTimeoutError, TrySendError};
use crate::line::deadline_after;
use sisal_park::spend;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

/// Sends messages into a channel. A clone sends into the same one.
///
/// When the last one is dropped, receivers get what is left in the channel and then an error.
///
/// ```
/// # use sisal_sync::channel::unbounded;
/// let (sender, receiver) = unbounded();
/// let other = sender.clone();
/// std::thread::spawn(move || other.send("from there").unwrap());
/// assert_eq!(receiver.recv(), Ok("from there"));
/// sender.send("from here").unwrap();
/// assert_eq!(receiver.recv(), Ok("from here"));
/// ```
pub struct Sender<T> {
    share: Share<T>,
}

// A message is in the channel or is not: no operation that unwinds leaves a half of one.
impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    pub(super) fn new(share: Share<T>) -> Self {
        Self { share }
    }

    pub(super) fn channel(&self) -> &Channel<T> {
        &self.share
    }

    /// Where a select sees whether a message may be taken.
    #[inline(always)]
    pub(super) fn hint(&self) -> Hint<'_> {
        Hint::Outlook(self.share.outlook(), SEND)
    }

    /// Sends a message, and waits as long as there is no room; in a channel without a buffer, until somebody receives it.
    ///
    /// # Errors
    /// With the message, if there is no receiver any more, or the fiber was cancelled while it waited.
    ///
    /// ```
    /// # use sisal_sync::channel::{SendError, bounded};
    /// let (sender, receiver) = bounded(1);
    /// assert_eq!(sender.send(1), Ok(()));
    /// drop(receiver);
    /// assert_eq!(sender.send(2), Err(SendError(2)));
    /// ```
    #[inline]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.share.send(message, Until::Forever).map_err(|(_, message)| SendError(message))
    }

    /// Sends a message, as a future for an executor of any kind. (On a fiber or a thread, [`send`](Self::send) is simpler.)
    ///
    /// It may be dropped at any time: as long as it is not done, it has sent nothing, and drops its message. It is told when
    /// there is room, and another sender may be faster; who waits in `send` is served before.
    ///
    /// In a channel without a buffer, a message for a receiver that waits in `recv` or a select is handed over. For one that
    /// waits in `recv_async`, which might be dropped, it is left with the channel: it goes to that one, or to the next
    /// receiver. (`try_recv` finds what others send, but not this future, which must be polled to send.)
    ///
    /// # Errors
    /// With the message, if there is no receiver any more.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// # use sisal_park::block_on;
    /// let (sender, receiver) = bounded(0);
    /// std::thread::spawn(move || block_on(sender.send_async("hello")));
    /// assert_eq!(receiver.recv(), Ok("hello"));
    /// ```
    pub fn send_async(&self, message: T) -> SendFuture<'_, T> {
        SendFuture::new(self, message)
    }

    /// Sends a message if that needs no wait; in a channel without a buffer, if somebody waits to receive it.
    ///
    /// # Errors
    /// With the message, if there is no room or no receiver.
    ///
    /// ```
    /// # use sisal_sync::channel::{TrySendError, bounded};
    /// let (sender, _receiver) = bounded(1);
    /// assert_eq!(sender.try_send(1), Ok(()));
    /// assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
    /// ```
    #[inline]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.share.send(message, Until::Now).map_err(|(refusal, message)| match refusal {
            Refusal::Full => TrySendError::Full(message),
            Refusal::Disconnected => TrySendError::Disconnected(message),
        })
    }

    /// Sends a message, and waits as long as there is no room, for `timeout` at the longest.
    ///
    /// # Errors
    /// With the message, if there was no room in that time or there is no receiver.
    ///
    /// ```
    /// # use sisal_sync::channel::{SendTimeoutError, bounded};
    /// # use std::time::Duration;
    /// let (sender, _receiver) = bounded(0);
    /// assert_eq!(sender.send_timeout(1, Duration::from_millis(1)), Err(SendTimeoutError::Timeout(1)));
    /// ```
    pub fn send_timeout(&self, message: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        match deadline_after(timeout) {
            Some(deadline) => self.send_deadline(message, deadline),
            None => self.send(message).map_err(SendTimeoutError::from),
        }
    }

    /// Sends a message, and waits as long as there is no room, until `deadline` at the longest.
    ///
    /// # Errors
    /// With the message, if there was no room until then or there is no receiver.
    ///
    /// ```
    /// # use sisal_sync::channel::{SendTimeoutError, bounded};
    /// # use std::time::Instant;
    /// let (sender, _receiver) = bounded(0);
    /// assert_eq!(sender.send_deadline(1, Instant::now()), Err(SendTimeoutError::Timeout(1)));
    /// ```
    pub fn send_deadline(&self, message: T, deadline: Instant) -> Result<(), SendTimeoutError<T>> {
        let sent = self.share.send(message, Until::Deadline(deadline));
        sent.map_err(|(refusal, message)| match refusal {
            Refusal::Full => SendTimeoutError::Timeout(message),
            Refusal::Disconnected => SendTimeoutError::Disconnected(message),
        })
    }

    /// Whether there is no message in the channel. One without a buffer is always empty.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (sender, _receiver) = unbounded();
    /// assert!(sender.is_empty());
    /// sender.send(0).unwrap();
    /// assert!(!sender.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room for a message. A channel without a buffer is always full.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// let (sender, _receiver) = bounded(1);
    /// assert!(!sender.is_full());
    /// sender.send(0).unwrap();
    /// assert!(sender.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        spend();
        self.share.lock().is_full()
    }

    /// Whether there is no receiver any more.
    pub(super) fn is_disconnected(&self) -> bool {
        spend();
        self.share.lock().is_disconnected()
    }

    /// How many messages are in the channel.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (sender, _receiver) = unbounded();
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// assert_eq!(sender.len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        spend();
        self.share.lock().len()
    }

    /// How many messages fit into the channel; `None` for any number.
    ///
    /// ```
    /// # use sisal_sync::channel::{bounded, unbounded};
    /// assert_eq!(unbounded::<u8>().0.capacity(), None);
    /// assert_eq!(bounded::<u8>(5).0.capacity(), Some(5));
    /// assert_eq!(bounded::<u8>(0).0.capacity(), Some(0));
    /// ```
    pub fn capacity(&self) -> Option<usize> {
        self.share.capacity()
    }

    /// Whether both send into one channel.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (sender, _receiver) = unbounded::<u8>();
    /// assert!(sender.same_channel(&sender.clone()));
    /// assert!(!sender.same_channel(&unbounded().0));
    /// ```
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        self.share.same(&other.share)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { share: self.share.clone() }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender { .. }")
    }
}
