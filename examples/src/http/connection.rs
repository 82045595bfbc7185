//! The conversation with one client: request after request, until one of the two wants no more.
//!
//! Knows nothing of what the requests are about. The order of things, which keeps answers few and large on the wire:
//!
//! ```text
//!        ┌──────────────────────────────────────────────────────────────┐
//!        ▼                                                              │
//!   is a whole head in the input? ──yes──▶ handler ──▶ answer gathers ──┘
//!        │ no
//!        ▼
//!   write what has gathered, then read; until the deadline if a head has begun, else until the idle timeout
//! ```

use super::body::{self, Framing};
use super::chunks::Chunks;
use super::exchange::{Exchange, Turn};
use super::head::{Head, Parsed};
use super::input::Input;
use super::limits::{
    BODY_SIZE_MAX, DISCARD_SIZE_MAX, HEAD_WAIT_MAX, IDLE_WAIT_MAX, LINGER_SIZE_MAX, LINGER_WAIT_MAX,
    WRITE_WAIT_MAX,
};
use super::request::Request;
use super::response::{flush, write_refusal};
use super::status::Status;
use super::transport::{Transport, is_timeout};
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

/// A client's connection. Dropping it closes the stream.
pub struct Connection<S> {
    stream: S,
    input: Input,
    output: Vec<u8>,
    head: Head,
    /// The exchange that the handler has in hand.
    turn: Option<Turn>,
    /// What a read may wait at present, so that the stream is told of changes only.
    read_timeout: Duration,
    body_size_max: u64,
    /// Whether the stream's owner would have another request.
    may_go_on: bool,
    is_closed: bool,
    refusal: Option<Status>,
}

/// What a wait for the next head has brought.
#[must_use]
enum Next {
    /// This many bytes of head, already used up.
    Head(usize),
    /// The client is to be told, and left.
    Refuse(Status),
    /// The client has gone or is silent.
    End,
}

impl<S: Transport> Connection<S> {
    /// Takes over a fresh stream.
    ///
    /// # Errors
    /// If the stream does not take timeouts.
    pub fn new(mut stream: S) -> io::Result<Self> {
        stream.set_write_timeout(WRITE_WAIT_MAX)?;
        stream.set_read_timeout(IDLE_WAIT_MAX)?;
        Ok(Self {
            stream,
            input: Input::new(),
            output: Vec::new(),
            head: Head::default(),
            turn: None,
            read_timeout: IDLE_WAIT_MAX,
            body_size_max: BODY_SIZE_MAX,
            may_go_on: true,
            is_closed: false,
            refusal: None,
        })
    }

    /// Refuses bodies of more bytes than that, with 413: before the handler hears of them if their length is said, else
    /// when the handler has read so much. [`BODY_SIZE_MAX`](super::limits::BODY_SIZE_MAX) if it is not called.
    pub fn body_size_max(mut self, bytes: u64) -> Self {
        self.body_size_max = bytes;
        self
    }

    /// Waits for the next request; `None` when the conversation is over. Whatever cannot be handed to a handler has
    /// been answered by then: [`refusal`](Self::refusal) tells. So has an exchange that its handler left without an
    /// answer: a handler that fails needs no more care than to come back here.
    ///
    /// # Errors
    /// If the stream fails.
    pub fn next_exchange(&mut self) -> io::Result<Option<Exchange<'_, S>>> {
        self.end_turn()?;
        if self.is_closed {
            return Ok(None);
        }
        let head_size = match self.read_head()? {
            Next::Head(size) => size,
            Next::Refuse(status) => {
                self.refuse(status)?;
                return Ok(None);
            }
            Next::End => {
                self.is_closed = true;
                return Ok(None);
            }
        };
        if self.head.content_length > self.body_size_max {
            self.refuse(Status::CONTENT_TOO_LARGE)?;
            return Ok(None);
        }
        let (body_start, end) = self.input.place();
        let request = Request::new(&self.input.bytes[body_start - head_size..body_start], &self.head);
        let body = match self.head.is_chunked {
            true => Framing::Chunked(Chunks::new()),
            false => Framing::Length(self.head.content_length),
        };
        let turn = self.turn.insert(Turn {
            is_continue_due: self.head.expects_continue && !body.is_done(),
            body,
            body_room: self.body_size_max,
            version: self.head.version,
            keep_alive: self.head.keep_alive && self.may_go_on,
            is_head_only: request.method() == "HEAD",
            ..Turn::default()
        });
        let buffered = &self.input.bytes[body_start..end];
        Ok(Some(Exchange::new(request, buffered, &mut self.stream, &mut self.output, turn)))
    }

    /// Leaves HTTP after an answer of 101: writes what has gathered, gives the stream, and what has been read of it.
    ///
    /// # Errors
    /// If the stream fails, or the client was given another answer.
    pub fn into_parts(mut self) -> io::Result<(S, Vec<u8>)> {
        self.end_turn()?;
        if self.is_closed {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        flush(&mut self.stream, &mut self.output)?;
        let read_ahead = self.input.unread().to_vec();
        Ok((self.stream, read_ahead))
    }

    /// How the client was sent away, if it was.
    pub const fn refusal(&self) -> Option<Status> {
        self.refusal
    }

    /// The stream.
    pub const fn get_ref(&self) -> &S {
        &self.stream
    }

    fn read_head(&mut self) -> io::Result<Next> {
        let mut deadline = None;
        let mut looked_at = 0;
        loop {
            self.skip_empty_lines();
            let unread = self.input.unread();
            // A head that was not whole can become so by a line break only.
            if !unread.is_empty()
                && (looked_at == 0 || unread[looked_at.min(unread.len())..].contains(&b'\n'))
            {
                match self.head.parse(unread) {
                    Parsed::Whole(size) => {
                        self.input.consume(size);
                        return Ok(Next::Head(size));
                    }
                    Parsed::Refused(status) => return Ok(Next::Refuse(status)),
                    Parsed::Part => {}
                }
            }
            looked_at = unread.len();
            if self.input.is_full() {
                return Ok(Next::Refuse(Status::HEADERS_TOO_LARGE));
            }
            flush(&mut self.stream, &mut self.output)?;
            if let Some(end) = self.wait_for_more(&mut deadline)? {
                return Ok(end);
            }
        }
    }

    /// Reads once; `Some` if there is nothing more to wait for.
    fn wait_for_more(&mut self, deadline: &mut Option<Instant>) -> io::Result<Option<Next>> {
        let has_begun = !self.input.unread().is_empty();
        // A head that has begun and does not come is a slow client's; silence before it is a client's right.
        let end = || if has_begun { Next::Refuse(Status::REQUEST_TIMEOUT) } else { Next::End };
        let mut timeout = IDLE_WAIT_MAX;
        if has_begun {
            let now = self.stream.now();
            timeout = deadline.get_or_insert(now + HEAD_WAIT_MAX).saturating_duration_since(now);
            if timeout.is_zero() {
                return Ok(Some(end()));
            }
        }
        self.set_read_timeout(timeout)?;
        self.stream.set_idle(!has_begun);
        let filled = self.input.fill(&mut self.stream);
        self.may_go_on = self.stream.set_idle(false);
        match filled {
            Ok(0) => Ok(Some(end())),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) if is_timeout(&error) => Ok(Some(end())),
            // Gone without a word, which no server should make a fuss about.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(Some(Next::End)),
            Err(error) => Err(error),
        }
    }

    /// Clients of old sent a line break behind a body; it is not the beginning of a head.
    fn skip_empty_lines(&mut self) {
        while self.input.unread().starts_with(b"\r\n") {
            self.input.consume(2);
        }
    }

    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        if self.read_timeout != timeout {
            self.stream.set_read_timeout(timeout)?;
            self.read_timeout = timeout;
        }
        Ok(())
    }

    /// Brings the exchange that the handler had in hand to its end.
    fn end_turn(&mut self) -> io::Result<()> {
        let Some(mut turn) = self.turn.take() else { return Ok(()) };
        match (turn.is_answered, turn.is_broken, turn.refusal) {
            (false, true, Some(status)) => return self.refuse(status),
            (false, false, _) => return self.refuse(Status::INTERNAL_SERVER_ERROR),
            (_, true, _) => return self.close(false),
            (true, false, _) => {}
        }
        let is_whole = turn.keep_alive && self.discard_body(&mut turn)?;
        if turn.body_deadline.is_some() {
            // The body's reader has set its own.
            self.read_timeout = Duration::ZERO;
        }
        let buffered = self.input.unread().len();
        self.input.consume(turn.taken.min(buffered));
        let left_over = turn.left_over(buffered);
        if !is_whole {
            return self
                .close(!turn.body.is_done() || !left_over.is_empty() || !self.input.unread().is_empty());
        }
        if !left_over.is_empty() {
            self.input.put(left_over);
        }
        Ok(())
    }

    /// Throws away the rest of a body, at most [`DISCARD_SIZE_MAX`] bytes; gives whether it was all.
    fn discard_body(&mut self, turn: &mut Turn) -> io::Result<bool> {
        let mut size = 0;
        while !turn.body.is_done() {
            let mut waste = [0; 2 * 1024];
            match body::read(self.input.unread(), &mut self.stream, &mut self.output, turn, &mut waste) {
                Ok(count) => size += count as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The client has its answer. What it did wrong afterwards is between it and the closed door.
                Err(_) if turn.refusal.is_some() => return Ok(false),
                Err(error) => {
                    self.is_closed = true;
                    return Err(error);
                }
            }
            if size > DISCARD_SIZE_MAX {
                return Ok(false);
            }
        }
        Ok(true)
    }

    #[cold]
    fn refuse(&mut self, status: Status) -> io::Result<()> {
        self.refusal = Some(status);
        write_refusal(&mut self.output, status);
        self.close(true)
    }

    /// Writes what has gathered and says goodbye. `linger`: the client may still be talking.
    fn close(&mut self, linger: bool) -> io::Result<()> {
        self.is_closed = true;
        flush(&mut self.stream, &mut self.output)?;
        if linger {
            self.linger();
        }
        Ok(())
    }

    /// Lets the client finish, within bounds. Errors are of no interest any more.
    fn linger(&mut self) {
        let mut waste = [0; 2 * 1024];
        let mut size = 0;
        let deadline = self.stream.now() + LINGER_WAIT_MAX;
        if self.stream.shutdown_write().is_err() {
            return;
        }
        while size < LINGER_SIZE_MAX {
            let left = deadline.saturating_duration_since(self.stream.now());
            if left.is_zero() || self.stream.set_read_timeout(left).is_err() {
                return;
            }
            match self.stream.read(&mut waste) {
                Ok(0) | Err(_) => return,
                Ok(count) => size += count,
            }
        }
    }
}

impl<S> fmt::Debug for Connection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("turn", &self.turn)
            .field("is_closed", &self.is_closed)
            .finish_non_exhaustive()
    }
}
