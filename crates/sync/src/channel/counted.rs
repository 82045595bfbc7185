//! How many handles each side of a channel has, and what happens when a side has none left.
//!
//! Knows nothing of messages or waits.
//!
//! | count of a side | means | moved by |
//! |---|---|---|
//! | n > 0 | n handles | `clone`: +1, `drop`: -1 |
//! | 0 | the side is gone for ever: there is no handle that could be cloned | |
//!
//! The memory lives as long as a handle of either side, by the `Arc`, whose own counter also aborts before either of these
//! could overflow.

use super::core::Channel;
use super::state::Side;
use sisal_base::sync::Arc;
use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use std::ops::Deref;

/// A channel and the number of its handles.
pub(super) struct Counted<T> {
    channel: Channel<T>,
    senders: AtomicUsize,
    receivers: AtomicUsize,
}

/// One handle's share of a channel.
pub(super) struct Share<T> {
    counted: Arc<Counted<T>>,
    side: Side,
}

impl<T> Counted<T> {
    fn count(&self, side: Side) -> &AtomicUsize {
        match side {
            Side::Senders => &self.senders,
            Side::Receivers => &self.receivers,
        }
    }
}

impl<T> Share<T> {
    /// The first shares of a new channel: of its senders' side, and of its receivers'.
    pub(super) fn pair(capacity: Option<usize>) -> (Self, Self) {
        let counted = Arc::new(Counted {
            channel: Channel::new(capacity),
            senders: AtomicUsize::new(1),
            receivers: AtomicUsize::new(1),
        });
        (Self { counted: Arc::clone(&counted), side: Side::Senders }, Self { counted, side: Side::Receivers })
    }

    /// Whether both are shares of one channel.
    pub(super) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.counted, &other.counted)
    }
}

impl<T> Deref for Share<T> {
    type Target = Channel<T>;

    #[inline]
    fn deref(&self) -> &Channel<T> {
        &self.counted.channel
    }
}

impl<T> Clone for Share<T> {
    fn clone(&self) -> Self {
        let counted = Arc::clone(&self.counted);
        // Relaxed: this share keeps the count above 0.
        counted.count(self.side).fetch_add(1, Ordering::Relaxed);
        Self { counted, side: self.side }
    }
}

impl<T> Drop for Share<T> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire of the last one's decrement, whose disconnect comes after all that the others did.
        if self.counted.count(self.side).fetch_sub(1, Ordering::AcqRel) == 1 {
            self.counted.channel.disconnect(self.side);
        }
    }
}
