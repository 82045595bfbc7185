//! An answer, written straight into the connection's output. Knows nothing of how the request came in.

use super::date;
use super::exchange::Turn;
use super::limits::{DISCARD_SIZE_MAX, OUTPUT_SIZE_KEPT, OUTPUT_SIZE_MAX, WRITE_WAIT_MAX};
use super::request::Version;
use super::status::Status;
use super::stream::BodyWriter;
use super::transport::Transport;
use std::fmt;
use std::io::{self, Read};

/// An answer in the making. Dropped before it was given a body it has never been, and the client gets a 500.
#[must_use = "an answer goes out with its body"]
pub struct Response<'x, S: Transport> {
    pub(super) stream: &'x mut S,
    pub(super) output: &'x mut Vec<u8>,
    pub(super) turn: &'x mut Turn,
    status: Status,
    start: usize,
}

impl<'x, S: Transport> Response<'x, S> {
    pub(super) fn new(
        stream: &'x mut S,
        output: &'x mut Vec<u8>,
        turn: &'x mut Turn,
        status: Status,
    ) -> Self {
        assert!(!turn.is_answered, "a request is answered once");
        let start = output.len();
        write_top(output, status);
        Self { stream, output, turn, status, start }
    }

    /// Adds a header. `Date`, `Content-Length` and `Connection` come by themselves.
    ///
    /// # Panics
    /// If there is a line break in it.
    pub fn header(self, name: &str, value: &str) -> Self {
        let breaks = |text: &str| text.bytes().any(|byte| matches!(byte, b'\r' | b'\n'));
        assert!(!breaks(name) && !breaks(value), "a line break in a header would end it");
        for piece in [name, ": ", value, "\r\n"] {
            self.output.extend_from_slice(piece.as_bytes());
        }
        self
    }

    /// Completes the answer with `body`. It is written when the connection has nothing else to do, or when much has
    /// gathered.
    ///
    /// # Errors
    /// If it had to be written at once, and could not be.
    pub fn body(mut self, body: &[u8]) -> io::Result<()> {
        self.end_head(Some(body.len() as u64));
        let mut rest = if self.is_body_sent() { body } else { &[] };
        while self.output.len() + rest.len() > OUTPUT_SIZE_MAX {
            let (now, later) =
                rest.split_at(rest.len().min(OUTPUT_SIZE_MAX.saturating_sub(self.output.len())));
            self.output.extend_from_slice(now);
            rest = later;
            self.flush()?;
        }
        self.output.extend_from_slice(rest);
        Ok(())
    }

    /// Completes the answer with the next `length` bytes of `reader`, a piece at a time.
    ///
    /// # Errors
    /// If `reader` has fewer, or one of the two sides fails. The connection cannot go on then.
    pub fn body_from(mut self, length: u64, mut reader: impl Read) -> io::Result<()> {
        self.end_head(Some(length));
        let mut left = if self.is_body_sent() { length } else { 0 };
        while left > 0 {
            let room = OUTPUT_SIZE_MAX.saturating_sub(self.output.len());
            if room == 0 {
                self.flush()?;
                continue;
            }
            let start = self.output.len();
            let most = usize::try_from(left).map_or(room, |left| left.min(room));
            self.output.resize(start + most, 0);
            let read = reader.read(&mut self.output[start..]);
            self.output.truncate(start + read.as_ref().map_or(0, |count| *count));
            match read {
                Ok(0) => return Err(self.cut_short(io::ErrorKind::UnexpectedEof.into())),
                Ok(count) => left -= count as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.cut_short(error)),
            }
        }
        Ok(())
    }

    /// Completes the answer with whatever is written from now on, however much that will be: in chunks, or for a client of
    /// HTTP/1.0 up to the connection's end.
    pub fn stream(mut self) -> BodyWriter<'x, S> {
        self.end_head(None);
        BodyWriter::new(self)
    }

    /// Writes what has gathered.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        flush(self.stream, self.output).inspect_err(|_| self.turn.is_broken = true)
    }

    /// The head has promised more than will come: only the end of the connection can tell the client.
    fn cut_short(&mut self, error: io::Error) -> io::Error {
        self.turn.is_broken = true;
        error
    }

    pub(super) fn is_body_sent(&self) -> bool {
        !self.turn.is_head_only && !self.status.is_bodiless()
    }

    /// Ends the head. A body without a length is chunked, if the client knows chunks.
    fn end_head(&mut self, length: Option<u64>) {
        // A body that nobody read stands between this request and the next.
        let unread = &self.turn.body;
        if unread.left() > Some(DISCARD_SIZE_MAX) || (!unread.is_done() && self.turn.is_continue_due) {
            self.turn.keep_alive = false;
        }
        match (length, self.turn.version) {
            _ if self.status.is_bodiless() => {}
            (Some(length), _) => write_length(self.output, length),
            (None, Version::Http11) => self.output.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            (None, Version::Http10) => self.turn.keep_alive = false,
        }
        match (self.turn.keep_alive, self.turn.version) {
            (true, Version::Http11) => {}
            (true, Version::Http10) => self.output.extend_from_slice(b"Connection: keep-alive\r\n"),
            (false, _) => self.output.extend_from_slice(b"Connection: close\r\n"),
        }
        self.output.extend_from_slice(b"\r\n");
        self.turn.is_answered = true;
    }
}

impl<S: Transport> Drop for Response<'_, S> {
    fn drop(&mut self) {
        if !self.turn.is_answered {
            self.output.truncate(self.start);
        }
    }
}

impl<S: Transport> fmt::Debug for Response<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

/// A whole answer that says only its status, and goodbye.
pub(super) fn write_refusal(output: &mut Vec<u8>, status: Status) {
    write_top(output, status);
    output.extend_from_slice(b"Content-Length: 0\r\nConnection: close\r\n\r\n");
}

/// Writes what has gathered. After an error some of it may have gone out and some not, so nothing can follow.
pub(super) fn flush<S: Transport>(stream: &mut S, output: &mut Vec<u8>) -> io::Result<()> {
    if output.is_empty() {
        return Ok(());
    }
    let written = match stream.write(output) {
        Ok(count) if count == output.len() => stream.flush(),
        Ok(count) => flush_slow(stream, &output[count..]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => flush_slow(stream, output),
        Err(error) => Err(error),
    };
    output.clear();
    if output.capacity() > OUTPUT_SIZE_KEPT {
        output.shrink_to(OUTPUT_SIZE_KEPT);
    }
    written
}

/// For a client that takes its answers slowly. The bound is on all of it: who takes a byte a second has not until doomsday.
#[cold]
fn flush_slow<S: Transport>(stream: &mut S, mut rest: &[u8]) -> io::Result<()> {
    let deadline = stream.now() + WRITE_WAIT_MAX;
    while !rest.is_empty() {
        let left = deadline.saturating_duration_since(stream.now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(left)?;
        match stream.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    stream.set_write_timeout(WRITE_WAIT_MAX)?;
    stream.flush()
}

fn write_top(output: &mut Vec<u8>, status: Status) {
    output.extend_from_slice(status.line().as_bytes());
    output.extend_from_slice(b"Date: ");
    output.extend_from_slice(&date::now());
    output.extend_from_slice(b"\r\n");
}

fn write_length(output: &mut Vec<u8>, length: u64) {
    let mut digits = [0; 20];
    let (mut at, mut rest) = (digits.len(), length);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    output.extend_from_slice(b"Content-Length: ");
    output.extend_from_slice(&digits[at..]);
    output.extend_from_slice(b"\r\n");
}
