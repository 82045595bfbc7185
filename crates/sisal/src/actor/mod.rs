//! Actors: a value that one fiber owns, and a mailbox through which everybody else talks to it.
//!
//! A small module over [channels](crate::channel) and [fibers](crate::fiber), with nothing of its own to schedule.
//!
//! ```
//! use sisal::actor::{self, Actor, Context, Reply};
//!
//! struct Counter(u64);
//!
//! enum Message {
//!     Add(u64),
//!     Get(Reply<u64>),
//! }
//!
//! impl Actor for Counter {
//!     type Message = Message;
//!
//!     fn handle(&mut self, message: Message, _: &Context<Message>) {
//!         match message {
//!             Message::Add(n) => self.0 += n,
//!             Message::Get(reply) => reply.send(self.0),
//!         }
//!     }
//! }
//!
//! let counter = actor::spawn(Counter(0));
//! counter.send(Message::Add(40))?;
//! counter.send(Message::Add(2))?;
//! assert_eq!(counter.call(Message::Get)?, 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | piece | is |
//! |---|---|
//! | [`Actor`] | what handles messages, one at a time |
//! | [`Address`] | who talks to it: `send` waits while the mailbox is full, `call` waits for the reply |
//! | [`Address::monitor`], [`Address::link`] | to be told when it ends; to end when it fails |
//! | [`Supervisor`] | starts actors again that have panicked |
//!
//! An actor ends when it [stops](Context::stop), when it is [stopped](Address::stop), when every address is gone, or by a
//! panic. Messages in a mailbox whose actor has ended are dropped, unless a supervisor starts the actor again.

mod address;
mod mailbox;
mod supervisor;

pub use address::{Address, CallError, Reply, SendError};
pub use mailbox::{Builder, Context, Exit, ExitReason, spawn};
pub use supervisor::{GaveUp, Strategy, Supervised, Supervisor};

/// What owns a state and handles messages, one at a time, on a fiber of its own.
pub trait Actor: Sized {
    /// What it understands.
    type Message: Send + 'static;

    /// Called before the first message, on the actor's fiber.
    fn started(&mut self, context: &Context<Self::Message>) {
        let _ = context;
    }

    /// Handles a message. It may wait: the mailbox fills meanwhile, and then its senders wait.
    fn handle(&mut self, message: Self::Message, context: &Context<Self::Message>);

    /// Called after the last message, unless the actor has panicked.
    fn stopped(&mut self) {}
}
