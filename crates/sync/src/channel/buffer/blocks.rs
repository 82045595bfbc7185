//! The buffer of an unbounded channel: a chain of blocks, so that no message ever moves and none is copied to grow.
//!
//! Knows nothing of locks or waiters. It never allocates or frees by itself, since both would happen under the channel's lock:
//! who pushes brings a block when one is lacking, and who pops gets the block that is no longer needed.
//!
//! ```text
//!  head ─▶ │ block ├──▶│ block ├──▶│ block │◀─ tail        spare ─▶ │ block │
//!          taken from             written to               the one that was emptied last
//! ```
//!
//! Invariants:
//! 1. `head` is the first block of a chain that this buffer owns, and `tail` its last; both are null when there is none. They
//!    are raw, since a block that is first and last at once is reached through either.
//! 2. The messages are those from `read` of the first block to `written` of the last one. A chain without messages is one
//!    block, written from its beginning again.

use std::mem::MaybeUninit;
use std::ptr;

/// Messages a block: the cost of a block is shared by so many, and an idle channel keeps no more than two.
const MESSAGES_A_BLOCK: usize = 32;

/// Places for messages.
pub(crate) struct Block<T> {
    places: [MaybeUninit<T>; MESSAGES_A_BLOCK],
    next: *mut Block<T>,
}

impl<T> Block<T> {
    /// An empty block, made in place: so many messages may be larger than the caller's stack.
    pub(crate) fn new() -> Box<Self> {
        let mut block = Box::<Self>::new_uninit();
        // SAFETY: the write is inside the allocation, and `next` is all of a block that must be initialised.
        unsafe {
            (&raw mut (*block.as_mut_ptr()).next).write(ptr::null_mut());
            block.assume_init()
        }
    }
}

pub(crate) struct Blocks<T> {
    head: *mut Block<T>,
    tail: *mut Block<T>,
    read: usize,
    written: usize,
    len: usize,
    spare: Option<Box<Block<T>>>,
}

// SAFETY: it owns its chain (invariant 1), so the whole moves as one.
unsafe impl<T: Send> Send for Blocks<T> {}

impl<T> Blocks<T> {
    pub(super) const fn new() -> Self {
        Self { head: ptr::null_mut(), tail: ptr::null_mut(), read: 0, written: 0, len: 0, spare: None }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn is_last_full(&self) -> bool {
        self.tail.is_null() || self.written == MESSAGES_A_BLOCK
    }

    /// Whether a block must be supplied before a message can be pushed.
    #[inline]
    pub(super) fn lacks_block(&self) -> bool {
        self.is_last_full() && self.spare.is_none()
    }

    /// Keeps `block` for when it is needed.
    pub(super) fn supply(&mut self, block: Box<Block<T>>) {
        debug_assert!(self.spare.is_none(), "two spare blocks");
        self.spare = Some(block);
    }

    /// Adds a message behind all others.
    ///
    /// # Panics
    /// If a block is lacking.
    #[inline]
    pub(super) fn push(&mut self, message: T) {
        if self.is_last_full() {
            self.append();
        }
        // SAFETY: `append` has made sure of a last block (invariant 1), and nobody else reaches the chain.
        let places = unsafe { &mut (*self.tail).places };
        places[self.written].write(message);
        self.written += 1;
        self.len += 1;
    }

    #[cold]
    fn append(&mut self) {
        let block = self.spare.take().expect("who pushes has seen to it that no block is lacking");
        let block = Box::into_raw(block);
        if self.tail.is_null() {
            self.head = block;
        } else {
            // SAFETY: invariant 1.
            unsafe { (*self.tail).next = block };
        }
        self.tail = block;
        self.written = 0;
    }

    /// Takes the oldest message. A block that comes with it is to be freed outside the lock.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(T, Option<Box<Block<T>>>)> {
        if self.len == 0 {
            return None;
        }
        // SAFETY: there are messages.
        let message = unsafe { self.read() };
        let leaves = self.read == MESSAGES_A_BLOCK && self.len > 0;
        Some((message, if leaves { self.leave_block() } else { None }))
    }

    /// Takes the oldest message, unless its block would be left for the next.
    #[inline]
    pub(super) fn pop_within(&mut self) -> Option<T> {
        let leaves = self.read + 1 == MESSAGES_A_BLOCK && self.len > 1;
        // SAFETY: there are messages.
        if self.len == 0 || leaves { None } else { Some(unsafe { self.read() }) }
    }

    /// Reads the oldest message, and goes back to the beginning of the block if it was the last of all.
    ///
    /// # Safety
    /// There is one.
    #[inline]
    unsafe fn read(&mut self) -> T {
        // SAFETY: there are messages, so there is a first block (invariant 1).
        let places = unsafe { &(*self.head).places };
        // SAFETY: `read` is the oldest one's place (invariant 2), which is forgotten here.
        let message = unsafe { places[self.read].assume_init_read() };
        self.read += 1;
        self.len -= 1;
        if self.len == 0 {
            // It stood in the last block.
            (self.read, self.written) = (0, 0);
        }
        message
    }

    /// Goes on to the next block.
    fn leave_block(&mut self) -> Option<Box<Block<T>>> {
        self.read = 0;
        // SAFETY: it is no longer reached but through `head` (invariant 1), which goes on to the next; there is one, since
        // there are messages.
        let first = unsafe { Box::from_raw(self.head) };
        self.head = first.next;
        if self.spare.is_some() {
            return Some(first);
        }
        self.spare = Some(first);
        None
    }
}

impl<T> Drop for Blocks<T> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
        if !self.head.is_null() {
            // SAFETY: without messages the chain is one block at most (invariant 2), and nobody reaches it any more.
            drop(unsafe { Box::from_raw(self.head) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(blocks: &mut Blocks<usize>, message: usize) {
        if blocks.lacks_block() {
            blocks.supply(Block::new());
        }
        blocks.push(message);
    }

    #[test]
    fn first_in_first_out_over_several_blocks() {
        let mut blocks = Blocks::new();
        let (mut sent, mut received) = (0, 0);
        for round in 0..200 {
            for _ in 0..(round * 7) % 50 {
                push(&mut blocks, sent);
                sent += 1;
            }
            for _ in 0..(round * 5) % 60 {
                match blocks.pop() {
                    Some((message, _)) => assert_eq!(message, received),
                    None => break,
                }
                received += 1;
            }
            assert_eq!(blocks.len(), sent - received);
        }
        assert!(sent > 1_000 && received > 1_000);
    }

    #[test]
    fn a_channel_that_empties_itself_stays_in_one_block() {
        let mut blocks = Blocks::new();
        push(&mut blocks, 0);
        let block = blocks.tail;
        for _ in 0..1_000 {
            push(&mut blocks, 0);
            assert!(blocks.pop().is_some() && blocks.pop().is_some());
            push(&mut blocks, 0);
        }
        assert!(ptr::eq(block, blocks.tail) && blocks.spare.is_none());
    }
}
