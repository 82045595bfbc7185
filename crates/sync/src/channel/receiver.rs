//! The receiving side's handle.
//!
//! Knows nothing of how a message gets across; that is `core.rs`, and `timer.rs` for those that nobody sends.

use super::core::{Lack, Until};
use super::counted::Share;
use super::outlook::RECEIVE;
use super::select::Hint;
use super::select::internal::RecvArm;
use super::timer::{Timer, recv_never};
use super::{Iter, RecvError, RecvFuture, RecvTimeoutError, TryIter, TryRecvError};
use crate::line::deadline_after;
use sisal_base::sync::Arc;
use sisal_park::{spend, with_current};
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

/// Receives messages from a channel. A clone receives from the same one, and each message goes to one of them.
///
/// When the last one is dropped, messages that are left in the channel are dropped too, and senders get an error.
///
/// ```
/// # use sisal_sync::channel::unbounded;
/// let (sender, receiver) = unbounded();
/// std::thread::spawn(move || {
///     sender.send(1).unwrap();
///     sender.send(2).unwrap();
/// });
/// assert_eq!(receiver.recv(), Ok(1));
/// assert_eq!(receiver.recv(), Ok(2));
/// assert!(receiver.recv().is_err());
/// ```
pub struct Receiver<T> {
    source: Source<T>,
}

/// Where the messages come from.
pub(super) enum Source<T> {
    Channel(Share<T>),
    /// From the clock; the function is the identity, and says that `T` is `Instant`.
    Timer(Arc<Timer>, fn(Instant) -> T),
    Never,
}

// A message is in the channel or is not: no operation that unwinds leaves a half of one.
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Receiver<T> {
    pub(super) fn new(source: Source<T>) -> Self {
        Self { source }
    }

    pub(super) fn source(&self) -> &Source<T> {
        &self.source
    }

    /// Where a select sees whether there may be something to receive.
    #[inline(always)]
    pub(super) fn hint(&self) -> Hint<'_> {
        match &self.source {
            Source::Channel(share) => Hint::Outlook(share.outlook(), RECEIVE),
            Source::Timer(..) => Hint::None,
            Source::Never => Hint::Never,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn recv_until(&self, until: Until) -> Result<T, Lack> {
        match &self.source {
            Source::Channel(share) => share.recv(until),
            _ => self.recv_unsent(until),
        }
    }

    /// Receives what nobody has to send.
    #[cold]
    fn recv_unsent(&self, until: Until) -> Result<T, Lack> {
        match &self.source {
            Source::Timer(timer, make) => timer.recv(until).map(make),
            _ => Err(recv_never(until)),
        }
    }

    /// What `recv(receiver)` in a select expands to.
    #[doc(hidden)]
    pub fn recv_arm(&self) -> RecvArm<'_, T> {
        RecvArm::new(self)
    }

    /// Receives a message, and waits until there is one.
    ///
    /// # Errors
    /// If there is none and no sender any more, or the fiber was cancelled while it waited.
    ///
    /// ```
    /// # use sisal_sync::channel::{RecvError, unbounded};
    /// let (sender, receiver) = unbounded();
    /// std::thread::spawn(move || sender.send(5).unwrap());
    /// assert_eq!(receiver.recv(), Ok(5));
    /// assert_eq!(receiver.recv(), Err(RecvError));
    /// ```
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.recv_until(Until::Forever).map_err(|_| RecvError)
    }

    /// Receives a message, as a future for an executor of any kind. (On a fiber or a thread, [`recv`](Self::recv) is simpler.)
    ///
    /// It may be dropped at any time: as long as it has not given a message, it has taken none. It is told when there is one,
    /// and another receiver may be faster; who waits in `recv` is served before.
    ///
    /// # Errors
    /// If there is no message and no sender any more.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// # use sisal_park::block_on;
    /// let (sender, receiver) = bounded(1);
    /// std::thread::spawn(move || block_on(async {
    ///     for n in 0..3 {
    ///         sender.send_async(n).await.unwrap();
    ///     }
    /// }));
    /// block_on(async {
    ///     let mut sum = 0;
    ///     while let Ok(n) = receiver.recv_async().await {
    ///         sum += n;
    ///     }
    ///     assert_eq!(sum, 3);
    /// });
    /// ```
    pub fn recv_async(&self) -> RecvFuture<'_, T> {
        RecvFuture::new(self)
    }

    /// Receives a message if that needs no wait; from a channel without a buffer, if somebody waits to send it.
    ///
    /// # Errors
    /// If there is none.
    ///
    /// ```
    /// # use sisal_sync::channel::{TryRecvError, unbounded};
    /// let (sender, receiver) = unbounded();
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    /// sender.send(5).unwrap();
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Ok(5));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    /// ```
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.recv_until(Until::Now).map_err(|lack| match lack {
            Lack::Empty => TryRecvError::Empty,
            Lack::Disconnected => TryRecvError::Disconnected,
        })
    }

    /// Receives a message, and waits for one for `timeout` at the longest.
    ///
    /// # Errors
    /// If none came in that time, or there is none and no sender any more.
    ///
    /// ```
    /// # use sisal_sync::channel::{RecvTimeoutError, unbounded};
    /// # use std::time::Duration;
    /// let (_sender, receiver) = unbounded::<u8>();
    /// assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    /// ```
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match deadline_after(timeout) {
            Some(deadline) => self.recv_deadline(deadline),
            None => self.recv().map_err(RecvTimeoutError::from),
        }
    }

    /// Receives a message, and waits for one until `deadline` at the longest.
    ///
    /// # Errors
    /// If none came until then, or there is none and no sender any more.
    ///
    /// ```
    /// # use sisal_sync::channel::{RecvTimeoutError, unbounded};
    /// # use std::time::Instant;
    /// let (_sender, receiver) = unbounded::<u8>();
    /// assert_eq!(receiver.recv_deadline(Instant::now()), Err(RecvTimeoutError::Timeout));
    /// ```
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.recv_until(Until::Deadline(deadline)).map_err(|lack| match lack {
            Lack::Empty => RecvTimeoutError::Timeout,
            Lack::Disconnected => RecvTimeoutError::Disconnected,
        })
    }

    /// Whether there is no message in the channel. One without a buffer is always empty.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (sender, receiver) = unbounded();
    /// assert!(receiver.is_empty());
    /// sender.send(0).unwrap();
    /// assert!(!receiver.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room for a message. A channel without a buffer is always full.
    ///
    /// ```
    /// # use sisal_sync::channel::bounded;
    /// let (sender, receiver) = bounded(1);
    /// assert!(!receiver.is_full());
    /// sender.send(0).unwrap();
    /// assert!(receiver.is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        spend();
        match &self.source {
            Source::Channel(share) => share.lock().is_full(),
            Source::Timer(timer, _) => timer.is_ready(now()),
            Source::Never => true,
        }
    }

    /// How many messages are in the channel.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (sender, receiver) = unbounded();
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        spend();
        match &self.source {
            Source::Channel(share) => share.lock().len(),
            Source::Timer(timer, _) => usize::from(timer.is_ready(now())),
            Source::Never => 0,
        }
    }

    /// How many messages fit into the channel; `None` for any number.
    ///
    /// ```
    /// # use sisal_sync::channel::{bounded, unbounded};
    /// assert_eq!(unbounded::<u8>().1.capacity(), None);
    /// assert_eq!(bounded::<u8>(5).1.capacity(), Some(5));
    /// assert_eq!(bounded::<u8>(0).1.capacity(), Some(0));
    /// ```
    pub fn capacity(&self) -> Option<usize> {
        match &self.source {
            Source::Channel(share) => share.capacity(),
            Source::Timer(..) => Some(1),
            Source::Never => Some(0),
        }
    }

    /// Whether both receive from one channel.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (_sender, receiver) = unbounded::<u8>();
    /// assert!(receiver.same_channel(&receiver.clone()));
    /// assert!(!receiver.same_channel(&unbounded().1));
    /// ```
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        match (&self.source, &other.source) {
            (Source::Channel(own), Source::Channel(other)) => own.same(other),
            (Source::Timer(own, _), Source::Timer(other, _)) => Arc::ptr_eq(own, other),
            (Source::Never, Source::Never) => true,
            _ => false,
        }
    }

    /// All messages to come: each step waits for the next one, and the end is that of the channel.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (sender, receiver) = unbounded();
    /// std::thread::spawn(move || (0..3).for_each(|n| sender.send(n).unwrap()));
    /// assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2]);
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        Iter::new(self)
    }

    /// The messages that are there now: no step waits, and the end is where one would.
    ///
    /// ```
    /// # use sisal_sync::channel::unbounded;
    /// let (sender, receiver) = unbounded();
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 2]);
    /// assert_eq!(receiver.try_iter().next(), None);
    /// ```
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter::new(self)
    }
}

fn now() -> Instant {
    with_current(|agent| agent.now())
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        let source = match &self.source {
            Source::Channel(share) => Source::Channel(share.clone()),
            Source::Timer(timer, make) => Source::Timer(Arc::clone(timer), *make),
            Source::Never => Source::Never,
        };
        Self { source }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver { .. }")
    }
}
