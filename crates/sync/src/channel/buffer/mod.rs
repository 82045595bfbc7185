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
            Self::Ring(ring) => ring.len(),
            Self::Blocks(blocks) => blocks.len(),
            Self::None | Self::Hand(_) => self.len_at_hand(),
        }
    }

    /// Aside, since a choice among all four kinds is a jump through a table.
    #[cold]
    fn len_at_hand(&self) -> usize {
        usize::from(matches!(self, Self::Hand(Some(_))))
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

    /// Whether a message has room beside `reserved` ones and needs no block; `false` for a rendezvous.
    #[inline(always)]
    pub(super) fn takes_at_once(&self, reserved: usize) -> bool {
        if let Self::Ring(ring) = self {
            return ring.has_room(reserved);
        }
        matches!(self, Self::Blocks(blocks) if !blocks.lacks_block())
    }

    /// Adds a message that it [takes at once](Self::takes_at_once).
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn push_at_once(&mut self, message: T) {
        match self {
            Self::Ring(ring) => ring.push(message),
            Self::Blocks(blocks) => blocks.push(message),
            Self::None | Self::Hand(_) => unreachable!("asked before"),
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

    /// Takes the oldest message, if no block can come with it; none of a rendezvous.
    #[inline]
    pub(super) fn pop_within(&mut self) -> Option<T> {
        if let Self::Ring(ring) = self {
            return ring.pop();
        }
        if let Self::Blocks(blocks) = self { blocks.pop_within() } else { None }
    }
}
