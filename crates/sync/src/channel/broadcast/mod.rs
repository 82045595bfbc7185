//! A channel whose every receiver gets every message, with a bound on how many are kept: who is too slow is told how many it
//! has missed.
//!
//! Knows nothing of how one waits; in files: `shared.rs` is the log of messages and who waits for the next, `receiver.rs` the
//! receiving side, with `arm.rs` for selects and `future.rs` for futures.

mod arm;
mod error;
mod future;
mod receiver;
mod shared;

pub use arm::RecvArm;
pub use error::{RecvError, RecvTimeoutError, TryRecvError};
pub use future::RecvFuture;
pub use receiver::Receiver;

use super::SendError;
use shared::Shared;
use sisal_base::sync::Arc;
use sisal_park::spend;
use std::fmt;

/// A channel that gives each message to each receiver, and keeps the last `capacity` of them for those that are slow.
///
/// A send never waits: it drops the oldest message, if there are `capacity` of them, and a receiver that has not had that one
/// gets a [`RecvError::Lagged`] with the number of those that it has missed, and then goes on with the oldest that is left.
/// A message is cloned for each receiver.
///
/// # Panics
/// If `capacity` is 0.
///
/// ```
/// use sisal_sync::channel::broadcast::{self, RecvError};
/// use sisal_sync::channel;
///
/// let (sender, mut fast) = channel::broadcast(2);
/// let mut slow = fast.clone();
/// for n in 0..4 {
///     sender.send(n).unwrap();
///     assert_eq!(fast.recv(), Ok(n));
/// }
/// assert_eq!(slow.recv(), Err(RecvError::Lagged(2)));
/// assert_eq!((slow.recv(), slow.recv()), (Ok(2), Ok(3)));
/// drop(sender);
/// assert_eq!(slow.recv(), Err(RecvError::Disconnected));
/// ```
pub fn broadcast<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a broadcast channel keeps one message at least");
    let shared = Arc::new(Shared::new(capacity));
    (Sender { shared: Arc::clone(&shared) }, Receiver::new(shared, 0))
}

/// Sends to all receivers of a [`broadcast`]. A clone sends to the same ones.
///
/// When the last one is dropped, receivers get what is kept for them, and then an error.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Sends a message to all receivers that there are now, and gives their number. Never waits.
    ///
    /// # Errors
    /// With the message, if there is no receiver. There may be one later, by [`subscribe`](Self::subscribe).
    ///
    /// ```
    /// # use sisal_sync::channel::{SendError, broadcast};
    /// let (sender, receiver) = broadcast(4);
    /// assert_eq!(sender.send("to one"), Ok(1));
    /// drop(receiver);
    /// assert_eq!(sender.send("to none"), Err(SendError("to none")));
    /// ```
    pub fn send(&self, message: T) -> Result<usize, SendError<T>> {
        spend();
        self.shared.send(message).map_err(SendError)
    }

    /// A receiver of the messages from now on.
    ///
    /// ```
    /// # use sisal_sync::channel::broadcast;
    /// let (sender, _receiver) = broadcast(4);
    /// sender.send(1).unwrap();
    /// let mut late = sender.subscribe();
    /// sender.send(2).unwrap();
    /// assert_eq!(late.recv(), Ok(2));
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        let next = self.shared.add_receiver_at_end();
        Receiver::new(Arc::clone(&self.shared), next)
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.shared.receiver_count()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.add_sender();
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.drop_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::Sender { .. }")
    }
}
