#![doc = include_str!("../README.md")]

pub mod agent;
pub mod completion;
mod reason;
pub mod thread;
pub mod wait_queue;
mod waker;
mod word;

pub use agent::{Agent, AgentId, Cancellable, Outcome, blocking, spend, with_current};
pub use completion::Completion;
pub use reason::Reason;
pub use wait_queue::{Ticket, WaitQueue, Waiter, WakeBatch};
pub use waker::{WakeKind, Waker, WakerVTable};
pub use word::{Commit, Wake, Word};
