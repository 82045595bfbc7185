//! One request and its answer. Knows nothing of what came before on the connection, or comes after.

use super::body::{Body, Framing};
use super::request::{Request, Version};
use super::response::Response;
use super::status::Status;
use super::transport::Transport;
use std::fmt;
use std::time::Instant;

/// How far an exchange has come, kept by the connection.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// What of the body nobody has taken yet.
    pub(super) body: Framing,
    /// Bytes that a body in chunks may still have.
    pub(super) body_room: u64,
    /// What was read from the stream beyond a chunk's beginning, and may go beyond the body's end.
    pub(super) ahead: Vec<u8>,
    /// Bytes of the body that were taken out of the connection's input, then out of `ahead`.
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
    /// What a client is told that got no answer, if it is not 500.
    pub(super) refusal: Option<Status>,
}

/// A request that waits for its answer.
///
/// An exchange that is dropped without one is answered with 500, and the connection closed.
pub struct Exchange<'c, S> {
    request: Request<'c>,
    pub(super) buffered: &'c [u8],
    pub(super) stream: &'c mut S,
    pub(super) output: &'c mut Vec<u8>,
    pub(super) turn: &'c mut Turn,
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
