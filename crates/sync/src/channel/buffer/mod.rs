//! Where messages wait for receivers: the three kinds behind one face.
//!
//! Knows nothing of locks or waiters; the channel's lock guards it.

mod blocks;
mod ring;

pub(super) use blocks::Block;
use blocks::Blocks;
use ring::Ring;

/// Messages in the order in which they were sent.
pub(super) enum Buffer<T> {
    /// No message can wait: the receivers are gone.
    None,
    /// A rendezvous, in which a message waits only for a future that was told to come for it.
    Hand(Option<T>),
    Ring(Ring<T>),
    Blocks(Blocks<T>),
}

impl<T> Buffer<T> {
    /// A buffer for `capacity` messages, or for any number of them.
    pub(super) fn new(capacity: Option<usize>) -> Self {
        match capacity {
            None => Self::Blocks(Blocks::new()),
            Some(0) => Self::Hand(None),
            Some(capacity) => Self::Ring(Ring::new(capacity)),
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Hand(message) => usize::from(message.is_some()),
            Self::Ring(ring) => ring.len(),
            Self::Blocks(blocks) => blocks.len(),
        }
    }

    /// Whether a block must be [supplied](Self::supply) before the next message.
    #[inline]
    pub(super) fn lacks_block(&self) -> bool {
        matches!(self, Self::Blocks(blocks) if blocks.lacks_block())
    }

    /// Gives it a block that it lacks, allocated outside the lock.
    pub(super) fn supply(&mut self, block: Box<Block<T>>) {
        if let Self::Blocks(blocks) = self {
            blocks.supply(block);
        }
    }

    /// Adds a message behind all others.
    ///
    /// # Panics
    /// If there is no room for it.
    #[inline]
    pub(super) fn push(&mut self, message: T) {
        match self {
            Self::Hand(place @ None) => *place = Some(message),
            Self::Hand(Some(_)) | Self::None => panic!("a message for a channel without room"),
            Self::Ring(ring) => ring.push(message),
            Self::Blocks(blocks) => blocks.push(message),
        }
    }

    /// Takes the oldest message. A block that comes with it is to be freed outside the lock.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(T, Option<Box<Block<T>>>)> {
        match self {
            Self::None => None,
            Self::Hand(message) => message.take().map(|message| (message, None)),
            Self::Ring(ring) => ring.pop().map(|message| (message, None)),
            Self::Blocks(blocks) => blocks.pop(),
        }
    }

    /// Takes the oldest message, if no block can come with it.
    #[inline]
    pub(super) fn pop_within(&mut self) -> Option<T> {
        match self {
            Self::None => None,
            Self::Hand(message) => message.take(),
            Self::Ring(ring) => ring.pop(),
            Self::Blocks(blocks) => blocks.pop_within(),
        }
    }
}
