//! How others talk to an actor.
//!
//! Knows nothing of what it does with their messages.

use super::mailbox::{Exit, ExitReason, Letter, Shared};
use crate::channel::{self, Receiver, Sender};
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// The right to talk to an actor that understands `M`. Cheap to clone; works from fibers and threads.
pub struct Address<M> {
    /// Counted by itself, so that a link can hold it weakly: an actor whose addresses are gone ends.
    mailbox: Arc<Sender<Letter<M>>>,
    shared: Arc<Shared>,
}

impl<M> Clone for Address<M> {
    fn clone(&self) -> Self {
        Self { mailbox: Arc::clone(&self.mailbox), shared: Arc::clone(&self.shared) }
    }
}

/// The actor has ended, or its mailbox is full; gives the message back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<M>(pub M);

impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the actor does not take the message")
    }
}

impl<M> std::error::Error for SendError<M> {}

/// Why a call has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// The actor has ended, or dropped the [`Reply`].
    NoReply,
    /// The time is over.
    TimedOut,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CallError::NoReply => "the actor did not reply",
            CallError::TimedOut => "the actor did not reply in time",
        })
    }
}

impl std::error::Error for CallError {}

/// The right to answer a call, once. Dropping it tells the caller that there is no answer.
pub struct Reply<T>(Sender<T>);

impl<T> Reply<T> {
    /// Answers. A caller that waits no more does not get it.
    pub fn send(self, value: T) {
        let _ = self.0.try_send(value);
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}

impl<M> Address<M> {
    pub(super) fn new(mailbox: Sender<Letter<M>>, shared: Arc<Shared>) -> Self {
        Self { mailbox: Arc::new(mailbox), shared }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.shared.name.as_deref()
    }

    /// How many messages wait in the mailbox.
    pub fn waiting(&self) -> usize {
        self.mailbox.len()
    }

    /// Puts a message into the mailbox, and waits while that is full.
    ///
    /// # Errors
    /// If the actor has ended, or the caller is cancelled while it waits.
    pub fn send(&self, message: M) -> Result<(), SendError<M>> {
        self.mailbox.send(Letter::Message(message)).map_err(|error| give_back(error.into_inner()))
    }

    /// Puts a message into the mailbox, unless that is full.
    ///
    /// # Errors
    /// If the mailbox is full, or the actor has ended.
    pub fn try_send(&self, message: M) -> Result<(), SendError<M>> {
        self.mailbox.try_send(Letter::Message(message)).map_err(|error| give_back(error.into_inner()))
    }

    /// Sends the message that `ask` makes around a [`Reply`], and waits for the answer.
    ///
    /// # Errors
    /// If the actor ends or drops the reply before it answers, or the caller is cancelled.
    pub fn call<T>(&self, ask: impl FnOnce(Reply<T>) -> M) -> Result<T, CallError> {
        self.ask(ask)?.recv().map_err(|_| CallError::NoReply)
    }

    /// [`call`](Self::call), at the longest for `timeout`, once the message is in the mailbox.
    ///
    /// # Errors
    /// As [`call`](Self::call), and if the time is over.
    pub fn call_timeout<T>(
        &self,
        timeout: Duration,
        ask: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, CallError> {
        self.ask(ask)?.recv_timeout(timeout).map_err(|error| match error {
            channel::RecvTimeoutError::Timeout => CallError::TimedOut,
            channel::RecvTimeoutError::Disconnected => CallError::NoReply,
        })
    }

    fn ask<T>(&self, ask: impl FnOnce(Reply<T>) -> M) -> Result<Receiver<T>, CallError> {
        let (reply, answer) = channel::bounded(1);
        self.send(ask(Reply(reply))).map_err(|_| CallError::NoReply)?;
        Ok(answer)
    }

    /// Asks the actor to stop once it is done with the message that it handles. Those that wait in its mailbox are dropped.
    pub fn stop(&self) {
        self.shared.ask_to_stop();
        self.nudge();
    }

    /// Makes an actor that waits look whether it is to stop. If the mailbox is full, it does not wait.
    fn nudge(&self) {
        let _ = self.mailbox.try_send(Letter::Look);
    }

    /// The address for who must not keep the mailbox open.
    pub(super) fn weak(&self) -> WeakAddress<M> {
        WeakAddress { mailbox: Arc::downgrade(&self.mailbox), shared: Arc::clone(&self.shared) }
    }

    /// A channel that gets one message when the actor ends, or has ended.
    ///
    /// ```
    /// use sisal::actor::{self, Actor, Context, ExitReason};
    ///
    /// struct Fails;
    ///
    /// impl Actor for Fails {
    ///     type Message = ();
    ///     fn handle(&mut self, (): (), _: &Context<()>) {
    ///         std::panic::resume_unwind(Box::new("as told"));
    ///     }
    /// }
    ///
    /// let fails = actor::spawn(Fails);
    /// let end = fails.monitor();
    /// fails.send(()).unwrap();
    /// assert_eq!(end.recv().unwrap().reason, ExitReason::Panicked("as told".into()));
    /// assert!(fails.send(()).is_err());
    /// ```
    pub fn monitor(&self) -> Receiver<Exit> {
        let (tell, end) = channel::bounded(1);
        self.shared.watch(move |exit| drop(tell.try_send(exit.clone())));
        end
    }

    /// Links two actors: when one of them panics, the other is asked to stop.
    pub fn link<N: Send + 'static>(&self, other: &Address<N>)
    where
        M: Send + 'static,
    {
        one_way(self, other);
        one_way(other, self);
    }
}

/// An address that does not keep its actor alive.
pub(super) struct WeakAddress<M> {
    mailbox: Weak<Sender<Letter<M>>>,
    shared: Arc<Shared>,
}

impl<M> WeakAddress<M> {
    /// As [`Address::stop`].
    fn stop(&self) {
        self.shared.ask_to_stop();
        self.nudge();
    }

    /// As [`stop`](Self::stop), for a supervisor that starts the actor again.
    pub(super) fn pause(&self) {
        self.shared.ask_to_pause();
        self.nudge();
    }

    /// An actor without addresses ends by itself.
    fn nudge(&self) {
        if let Some(mailbox) = self.mailbox.upgrade() {
            let _ = mailbox.try_send(Letter::Look);
        }
    }
}

/// When `watched` panics, `follower` stops. It keeps nobody's mailbox open.
fn one_way<M, N: Send + 'static>(watched: &Address<M>, follower: &Address<N>) {
    let follower = follower.weak();
    watched.shared.watch(move |exit| {
        if matches!(exit.reason, ExitReason::Panicked(_)) {
            follower.stop();
        }
    });
}

fn give_back<M>(letter: Letter<M>) -> SendError<M> {
    match letter {
        Letter::Message(message) => SendError(message),
        Letter::Look => unreachable!("what is given back was sent"),
    }
}

impl<M> fmt::Debug for Address<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("name", &self.name()).finish_non_exhaustive()
    }
}
