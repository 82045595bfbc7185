//! One request and its answer. Knows nothing of what came before on the connection, or comes after.

use super::limits::BODY_WAIT_MAX;
use super::request::{Request, Version};
use super::response::{Response, flush};
use super::status::Status;
use super::transport::Transport;
use std::fmt;
use std::io::{self, Read};
use std::time::Instant;

/// How far an exchange has come, kept by the connection.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Bytes of the body that nobody has taken yet.
    pub(super) body_left: u64,
    /// Bytes of the body that were taken out of the connection's input.
    pub(super) taken: usize,
    /// When the body must be there; set by the first read that has to wait.
    pub(super) body_deadline: Option<Instant>,
    pub(super) version: Version,
    pub(super) keep_alive: bool,
    /// The request was `HEAD`: the answer is a head only.
    pub(super) is_head_only: bool,
    /// The client waits for `100 Continue` before it sends its body.
    pub(super) is_continue_due: bool,
    pub(super) is_answered: bool,
    /// Nothing that goes on from here would make sense to the client.
    pub(super) is_broken: bool,
}

/// A request that waits for its answer.
///
/// An exchange that is dropped without one is answered with 500, and the connection closed.
pub struct Exchange<'c, S> {
    request: Request<'c>,
    buffered: &'c [u8],
    stream: &'c mut S,
    output: &'c mut Vec<u8>,
    turn: &'c mut Turn,
}

impl<'c, S: Transport> Exchange<'c, S> {
    pub(super) const fn new(
        request: Request<'c>,
        buffered: &'c [u8],
        stream: &'c mut S,
        output: &'c mut Vec<u8>,
        turn: &'c mut Turn,
    ) -> Self {
        Self { request, buffered, stream, output, turn }
    }

    /// What is asked. It may be kept while the answer is written.
    pub const fn request(&self) -> Request<'c> {
        self.request
    }

    /// The rest of the request's body. What nobody reads is thrown away.
    pub const fn body(&mut self) -> Body<'_, 'c, S> {
        Body { exchange: self }
    }

    /// Begins the answer.
    ///
    /// # Panics
    /// If the request has been answered.
    pub fn respond(&mut self, status: Status) -> Response<'_, S> {
        Response::new(self.stream, self.output, self.turn, status)
    }

    /// Makes this the connection's last exchange, and tells the client so: for a server that wants to stop.
    pub const fn close_after(&mut self) {
        self.turn.keep_alive = false;
    }
}

impl<S> fmt::Debug for Exchange<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("request", &self.request)
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}

/// The body of a request. A client that does not send all it has promised is an `UnexpectedEof`.
pub struct Body<'x, 'c, S> {
    exchange: &'x mut Exchange<'c, S>,
}

impl<S> fmt::Debug for Body<'_, '_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("left", &self.exchange.turn.body_left).finish()
    }
}

impl<S: Transport> Read for Body<'_, '_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Exchange { buffered, stream, output, turn, .. } = &mut *self.exchange;
        let most = usize::try_from(turn.body_left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if most == 0 {
            return Ok(0);
        }
        let buffer = &mut buffer[..most];
        let read_ahead = &buffered[turn.taken..];
        let count = if read_ahead.is_empty() {
            read_body(&mut **stream, output, turn, buffer)?
        } else {
            let count = read_ahead.len().min(most);
            buffer[..count].copy_from_slice(&read_ahead[..count]);
            turn.taken += count;
            count
        };
        turn.body_left -= count as u64;
        turn.is_continue_due = false;
        Ok(count)
    }
}

/// Reads some of the body from the stream itself; never 0 bytes.
pub(super) fn read_body<S: Transport>(
    stream: &mut S,
    output: &mut Vec<u8>,
    turn: &mut Turn,
    buffer: &mut [u8],
) -> io::Result<usize> {
    if turn.is_continue_due && !turn.is_answered {
        output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    turn.is_continue_due = false;
    // The client may wait for earlier answers before it goes on.
    flush(stream, output)?;
    let now = stream.now();
    let deadline = *turn.body_deadline.get_or_insert(now + BODY_WAIT_MAX);
    let left = deadline.saturating_duration_since(now);
    if left.is_zero() {
        turn.is_broken = true;
        return Err(io::ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(left)?;
    match stream.read(buffer) {
        Ok(0) => {
            turn.is_broken = true;
            Err(io::ErrorKind::UnexpectedEof.into())
        }
        Ok(count) => Ok(count),
        Err(error) => {
            turn.is_broken |= error.kind() != io::ErrorKind::Interrupted;
            Err(error)
        }
    }
}
