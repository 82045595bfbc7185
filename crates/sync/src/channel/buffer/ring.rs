//! The buffer of a bounded channel: a ring of as many places as it may hold messages.
//!
//! Knows nothing of locks or waiters. Its one allocation is made when the channel is.
//!
//! ```text
//!  places  │ . │ . │ 3 │ 4 │ 5 │ . │      head = 2, len = 3; those in head .. head + len (modulo the size) hold messages
//! ```
//!
//! Invariant: `head` is the number of a place, and `len` at most theirs.

use std::mem::MaybeUninit;

pub(crate) struct Ring<T> {
    places: Box<[MaybeUninit<T>]>,
    head: usize,
    len: usize,
}

impl<T> Ring<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { places: Box::new_uninit_slice(capacity), head: 0, len: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The place that is `distance` behind the head; there is one, since the distance is at most the number of places.
    #[inline]
    fn index(&self, distance: usize) -> usize {
        // No overflow: both are at most the size of an allocation, or the messages have no size and a count that a
        // program cannot reach.
        let index = self.head + distance;
        if index >= self.places.len() { index - self.places.len() } else { index }
    }

    /// Whether there is room for a message more than `reserved` ones.
    #[inline(always)]
    pub(super) fn has_room(&self, reserved: usize) -> bool {
        self.len + reserved < self.places.len()
    }

    /// Adds a message behind all others.
    ///
    /// # Panics
    /// If there is no room.
    #[inline]
    pub(super) fn push(&mut self, message: T) {
        assert!(self.len < self.places.len(), "a message for a full channel");
        let index = self.index(self.len);
        // SAFETY: `index` gives places that there are.
        unsafe { self.places.get_unchecked_mut(index) }.write(message);
        self.len += 1;
    }

    /// Takes the oldest message.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        let head = self.head;
        self.head = self.index(1);
        self.len -= 1;
        // SAFETY: there is a place at the head, which held a message, and `head` and `len` have forgotten it.
        Some(unsafe { self.places.get_unchecked(head).assume_init_read() })
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}
