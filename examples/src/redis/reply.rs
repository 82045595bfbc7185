//! Answers, as they go out. Knows nothing of what was asked.

use std::fmt::Display;
use std::io::Write;

/// Answers that gather.
#[derive(Debug, Default)]
pub struct Reply(pub Vec<u8>);

impl Reply {
    /// A word of ours, such as `OK`.
    pub fn word(&mut self, word: &str) {
        self.line(b'+', word);
    }

    /// What went wrong. Its first word is its kind.
    pub fn error(&mut self, text: impl Display) {
        self.line(b'-', text);
    }

    /// A number.
    pub fn number(&mut self, number: i64) {
        self.line(b':', number);
    }

    /// A count.
    pub fn count(&mut self, count: usize) {
        self.line(b':', count);
    }

    /// Any bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.line(b'$', bytes.len());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
    }

    /// Any bytes, or none.
    pub fn bytes_or_none(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.0.extend_from_slice(b"$-1\r\n"),
        }
    }

    /// The next so many answers are one.
    pub fn array(&mut self, count: usize) {
        self.line(b'*', count);
    }

    fn line(&mut self, kind: u8, text: impl Display) {
        self.0.push(kind);
        // Into memory, which does not fail.
        let _ = write!(self.0, "{text}\r\n");
    }
}
