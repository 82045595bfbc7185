//! The bytes that have been read and not yet used. Knows nothing of HTTP but that a head has a largest size.
//!
//! ```text
//! bytes  ┌──────────┬───────────────┬──────────┐
//!        │   used   │    unread     │   free   │
//!        └──────────┴───────────────┴──────────┘
//!        0          start           end        INPUT_SIZE_MIN, 8 KiB or HEAD_SIZE_MAX
//! ```
//!
//! Used bytes stay in place until the next [`Input::fill`], so a request can be looked at where it was read.

use super::limits::{HEAD_SIZE_MAX, INPUT_SIZE_MIN};
use std::io::{self, Read};

/// What came in.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; INPUT_SIZE_MIN], start: 0, end: 0 }
    }

    /// What has been read and not used.
    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Where the unread bytes begin and end.
    pub(super) const fn place(&self) -> (usize, usize) {
        (self.start, self.end)
    }

    /// Uses up `count` bytes.
    pub(super) fn consume(&mut self, count: usize) {
        assert!(count <= self.end - self.start, "used more than there is");
        self.start += count;
    }

    /// Puts in what somebody else has read behind the last used byte.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        assert!(self.start == self.end && bytes.len() <= self.bytes.len(), "no room");
        self.bytes[..bytes.len()].copy_from_slice(bytes);
        (self.start, self.end) = (0, bytes.len());
    }

    /// Whether a head that is still not whole has no right to grow.
    pub(super) fn is_full(&self) -> bool {
        self.end - self.start >= HEAD_SIZE_MAX
    }

    /// Reads once, behind what is unread; gives the number of new bytes, 0 at the end.
    pub(super) fn fill(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        assert!(!self.is_full(), "somebody has to look at the head first");
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.bytes.len() {
            self.make_room();
        }
        let count = stream.read(&mut self.bytes[self.end..])?;
        self.end += count;
        Ok(count)
    }

    #[cold]
    fn make_room(&mut self) {
        if self.start == 0 {
            self.bytes.resize((self.bytes.len() * 2).min(HEAD_SIZE_MAX), 0);
        } else {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_before_it_grows_and_grows_to_its_bound() {
        let sent: Vec<u8> = (0..2 * HEAD_SIZE_MAX).map(|i| (i % 251) as u8).collect();
        let mut stream = &*sent;
        let mut input = Input::new();
        assert_eq!(input.fill(&mut stream).unwrap(), INPUT_SIZE_MIN);
        input.consume(10);
        assert_eq!(input.fill(&mut stream).unwrap(), 10);
        assert_eq!(input.bytes.len(), INPUT_SIZE_MIN);
        while !input.is_full() {
            input.fill(&mut stream).unwrap();
        }
        assert!(*input.unread() == sent[10..10 + HEAD_SIZE_MAX]);
        input.consume(HEAD_SIZE_MAX);
        assert!(input.unread().is_empty());
    }
}
