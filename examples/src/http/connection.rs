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

use super::exchange::{Exchange, Turn, read_body};
use super::head::{Head, Parsed};
use super::input::Input;
use super::limits::{HEAD_WAIT_MAX, IDLE_WAIT_MAX, LINGER_SIZE_MAX, LINGER_WAIT_MAX, WRITE_WAIT_MAX};
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
            is_closed: false,
            refusal: None,
        })
    }

    /// Waits for the next request; `None` when the conversation is over. Whatever cannot be handed to a handler has
    /// been answered by then: [`refusal`](Self::refusal) tells.
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
        let (body_start, end) = self.input.place();
        let request = Request::new(&self.input.bytes[body_start - head_size..body_start], &self.head);
        let turn = self.turn.insert(Turn {
            body_left: self.head.content_length,
            version: self.head.version,
            keep_alive: self.head.keep_alive,
            is_head_only: request.method() == "HEAD",
            is_continue_due: self.head.expects_continue && self.head.content_length > 0,
            ..Turn::default()
        });
        let buffered = &self.input.bytes[body_start..end];
        Ok(Some(Exchange::new(request, buffered, &mut self.stream, &mut self.output, turn)))
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
        match self.input.fill(&mut self.stream) {
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
        while let [b'\n', ..] | [b'\r', b'\n', ..] = self.input.unread() {
            let size = if self.input.unread()[0] == b'\n' { 1 } else { 2 };
            self.input.consume(size);
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
        self.input.consume(turn.taken);
        if turn.body_deadline.is_some() {
            // The body's reader has set its own.
            self.read_timeout = Duration::ZERO;
        }
        if turn.is_broken {
            self.is_closed = true;
            return flush(&mut self.stream, &mut self.output);
        }
        if !turn.is_answered {
            return self.refuse(Status::INTERNAL_SERVER_ERROR);
        }
        if !turn.keep_alive {
            return self.close(turn.body_left > 0 || !self.input.unread().is_empty());
        }
        self.discard_body(&mut turn)
    }

    /// Throws away the rest of a body, at most [`DISCARD_SIZE_MAX`](super::limits::DISCARD_SIZE_MAX) bytes.
    fn discard_body(&mut self, turn: &mut Turn) -> io::Result<()> {
        let read_ahead = self.input.unread().len().min(usize::try_from(turn.body_left).unwrap_or(usize::MAX));
        self.input.consume(read_ahead);
        turn.body_left -= read_ahead as u64;
        while turn.body_left > 0 {
            let mut waste = [0; 2 * 1024];
            let most = usize::try_from(turn.body_left).map_or(waste.len(), |left| left.min(waste.len()));
            self.read_timeout = Duration::ZERO;
            match read_body(&mut self.stream, &mut self.output, turn, &mut waste[..most]) {
                Ok(count) => turn.body_left -= count as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.is_closed = true;
                    let is_clients = is_timeout(&error) || error.kind() == io::ErrorKind::UnexpectedEof;
                    return if is_clients { Ok(()) } else { Err(error) };
                }
            }
        }
        Ok(())
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
