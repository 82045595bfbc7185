//! The body of an answer whose length nobody knows yet. Knows nothing of what it says.
//!
//! What is written gathers in the connection's output as one growing chunk, whose size is filled in when it goes out:
//!
//! ```text
//! output  … head │ 00001a2f CRLF │ data data data … │ CRLF
//!                ▲ chunk_start
//! ```

use super::limits::OUTPUT_SIZE_MAX;
use super::request::Version;
use super::response::Response;
use super::transport::Transport;
use std::fmt;
use std::io::{self, Write};

/// The line before a chunk's data; leading zeros are allowed.
const SIZE_LINE: &[u8] = b"00000000\r\n";

const _: () = assert!(OUTPUT_SIZE_MAX as u64 <= u32::MAX as u64);

/// An answer's body, as the handler writes it; [`finish`](Self::finish) ends it. `flush` sends what has gathered.
///
/// Dropped without that, the client is told by the connection's end that it did not get all.
#[must_use = "a body ends by `finish`"]
pub struct BodyWriter<'x, S: Transport> {
    response: Response<'x, S>,
    is_chunked: bool,
    /// Where the chunk that grows begins.
    chunk_start: Option<usize>,
    is_finished: bool,
}

impl<'x, S: Transport> BodyWriter<'x, S> {
    pub(super) fn new(response: Response<'x, S>) -> Self {
        let is_chunked = response.turn.version == Version::Http11;
        Self { response, is_chunked, chunk_start: None, is_finished: false }
    }

    /// The body is complete.
    pub fn finish(mut self) {
        self.end_chunk();
        if self.is_chunked && self.response.is_body_sent() {
            self.response.output.extend_from_slice(b"0\r\n\r\n");
        }
        self.is_finished = true;
    }

    fn begin_chunk(&mut self) {
        if self.is_chunked && self.chunk_start.is_none() {
            self.chunk_start = Some(self.response.output.len());
            self.response.output.extend_from_slice(SIZE_LINE);
        }
    }

    fn end_chunk(&mut self) {
        let Some(start) = self.chunk_start.take() else { return };
        let output = &mut *self.response.output;
        let mut size = output.len() - start - SIZE_LINE.len();
        for digit in output[start..start + SIZE_LINE.len() - 2].iter_mut().rev() {
            *digit = b"0123456789abcdef"[size % 16];
            size /= 16;
        }
        output.extend_from_slice(b"\r\n");
    }
}

impl<S: Transport> Write for BodyWriter<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.response.is_body_sent() || bytes.is_empty() {
            return Ok(bytes.len());
        }
        if self.response.output.len() >= OUTPUT_SIZE_MAX {
            self.flush()?;
        }
        self.begin_chunk();
        let room = OUTPUT_SIZE_MAX.saturating_sub(self.response.output.len()).max(1);
        let count = bytes.len().min(room);
        self.response.output.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.end_chunk();
        self.response.flush()
    }
}

impl<S: Transport> Drop for BodyWriter<'_, S> {
    fn drop(&mut self) {
        if !self.is_finished {
            self.end_chunk();
            self.response.turn.is_broken = true;
        }
    }
}

impl<S: Transport> fmt::Debug for BodyWriter<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyWriter").field("response", &self.response).finish_non_exhaustive()
    }
}
