//! The body of a request, as the handler reads it: from what came with the head first, then from the stream.
//!
//! Knows nothing of what the body says. What is wrong with one is noted in the [`Turn`], so that the connection can tell the
//! client.

use super::chunks::Chunks;
use super::exchange::{Exchange, Turn};
use super::limits::{BODY_WAIT_MAX, INPUT_SIZE_MIN};
use super::response::flush;
use super::status::Status;
use super::transport::{Transport, is_timeout};
use std::fmt;
use std::io::{self, Read};

/// How the end of a body is found.
#[derive(Clone, Debug)]
pub(super) enum Framing {
    /// After so many bytes more.
    Length(u64),
    /// Chunk by chunk.
    Chunked(Chunks),
}

impl Default for Framing {
    fn default() -> Self {
        Self::Length(0)
    }
}

impl Framing {
    /// Whether nothing of the body is left.
    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunks) => chunks.is_done(),
        }
    }

    /// How many bytes are left, if the client has said it.
    pub(super) const fn left(&self) -> Option<u64> {
        match self {
            Self::Length(left) => Some(*left),
            Self::Chunked(_) => None,
        }
    }

    /// How many bytes of data come next.
    fn data_left(&self) -> u64 {
        match self {
            Self::Length(left) => *left,
            Self::Chunked(chunks) => chunks.data_left(),
        }
    }

    fn take_data(&mut self, count: u64) {
        match self {
            Self::Length(left) => *left -= count,
            Self::Chunked(chunks) => chunks.take_data(count),
        }
    }
}

/// The body of a request: a [`Read`], whether its length was said or it comes in chunks.
///
/// An error is the client's fault or the network's, and there is no use in answering: a body in malformed chunks gives
/// `InvalidData`, one that is larger than allowed `FileTooLarge`, one that ends early `UnexpectedEof`, one that takes too
/// long `TimedOut` or `WouldBlock`. If nothing has been answered yet, the connection does so: 400, 413 or 408.
pub struct Body<'x, 'c, S> {
    pub(super) exchange: &'x mut Exchange<'c, S>,
}

impl<S> fmt::Debug for Body<'_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("framing", &self.exchange.turn.body).finish()
    }
}

impl<S: Transport> Read for Body<'_, '_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Exchange { buffered, stream, output, turn, .. } = &mut *self.exchange;
        read(buffered, &mut **stream, output, turn, buffer)
    }
}

/// Reads some of a body; 0 bytes at its end.
pub(super) fn read<S: Transport>(
    buffered: &[u8],
    stream: &mut S,
    output: &mut Vec<u8>,
    turn: &mut Turn,
    buffer: &mut [u8],
) -> io::Result<usize> {
    while !turn.body.is_done() && !buffer.is_empty() {
        let is_at_data = turn.body.data_left() > 0;
        if !turn.has_unread(buffered) {
            if is_at_data {
                // Straight to where it is wanted.
                let most = bounded(turn.body.data_left(), buffer.len());
                let count = wait(stream, output, turn, &mut buffer[..most])?;
                return turn.give(count);
            }
            let mut ahead = std::mem::take(&mut turn.ahead);
            ahead.resize(INPUT_SIZE_MIN, 0);
            let count = wait(stream, output, turn, &mut ahead)?;
            ahead.truncate(count);
            turn.ahead = ahead;
            turn.taken = buffered.len();
        }
        turn.is_continue_due = false;
        if !is_at_data {
            turn.advance(buffered)?;
            continue;
        }
        let unread = turn.unread(buffered);
        let count = bounded(turn.body.data_left(), buffer.len().min(unread.len()));
        buffer[..count].copy_from_slice(&unread[..count]);
        turn.taken += count;
        return turn.give(count);
    }
    Ok(0)
}

/// Reads once from the stream itself; never 0 bytes.
fn wait<S: Transport>(
    stream: &mut S,
    output: &mut Vec<u8>,
    turn: &mut Turn,
    buffer: &mut [u8],
) -> io::Result<usize> {
    if turn.is_continue_due && !turn.is_answered {
        output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    turn.is_continue_due = false;
    // The client may wait for earlier answers before it goes on. One that has begun may be held back no longer.
    flush(stream, output).inspect_err(|_| turn.is_broken = true)?;
    let now = stream.now();
    let deadline = *turn.body_deadline.get_or_insert(now + BODY_WAIT_MAX);
    let left = deadline.saturating_duration_since(now);
    if left.is_zero() {
        return Err(turn.refuse(Status::REQUEST_TIMEOUT, io::ErrorKind::TimedOut.into()));
    }
    stream.set_read_timeout(left)?;
    match stream.read(buffer) {
        Ok(0) => Err(turn.refuse(Status::BAD_REQUEST, io::ErrorKind::UnexpectedEof.into())),
        Ok(count) => Ok(count),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
        Err(error) if is_timeout(&error) => Err(turn.refuse(Status::REQUEST_TIMEOUT, error)),
        Err(error) => {
            turn.is_broken = true;
            Err(error)
        }
    }
}

/// As much of `left` as `most` allows.
fn bounded(left: u64, most: usize) -> usize {
    usize::try_from(left).map_or(most, |left| left.min(most))
}

impl Turn {
    /// What came ahead of the reader: behind the head first, then behind a chunk.
    fn unread<'b>(&'b self, buffered: &'b [u8]) -> &'b [u8] {
        buffered
            .get(self.taken..)
            .filter(|rest| !rest.is_empty())
            .unwrap_or_else(|| self.left_over(buffered.len()))
    }

    fn has_unread(&self, buffered: &[u8]) -> bool {
        self.taken < buffered.len() + self.ahead.len()
    }

    /// What was read behind the `buffered` bytes that came with the head, and is not the body's.
    pub(super) fn left_over(&self, buffered: usize) -> &[u8] {
        self.ahead.get(self.taken.saturating_sub(buffered)..).unwrap_or_default()
    }

    /// Goes on to the next data, or to the end.
    fn advance(&mut self, buffered: &[u8]) -> io::Result<()> {
        let mut body = std::mem::take(&mut self.body);
        let used = match &mut body {
            Framing::Chunked(chunks) => chunks.advance(self.unread(buffered)),
            Framing::Length(_) => Ok(0),
        };
        self.body = body;
        match used {
            Ok(used) => self.taken += used,
            Err(_) => {
                let error = io::Error::new(io::ErrorKind::InvalidData, "malformed chunks");
                return Err(self.refuse(Status::BAD_REQUEST, error));
            }
        }
        if self.body.data_left() > self.body_room {
            let error = io::Error::new(io::ErrorKind::FileTooLarge, "the body is larger than allowed");
            return Err(self.refuse(Status::CONTENT_TOO_LARGE, error));
        }
        Ok(())
    }

    fn give(&mut self, count: usize) -> io::Result<usize> {
        self.body.take_data(count as u64);
        self.body_room = self.body_room.saturating_sub(count as u64);
        Ok(count)
    }

    /// Notes what the client is to be told, if it has been told nothing yet.
    fn refuse(&mut self, status: Status, error: io::Error) -> io::Error {
        self.is_broken = true;
        self.refusal = Some(status);
        error
    }
}
