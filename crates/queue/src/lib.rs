#![doc = include_str!("../README.md")]

pub mod chain;
pub mod deque;
pub mod idle;
pub mod inbox;
pub mod injector;
mod mailbox;

pub use chain::{Chain, Chained, Link};
pub use deque::{Local, Steal, Stealer, deque, deque_starting_at};
pub use idle::{Idle, Roused, Searching, Sleeper, WakeNext};
pub use inbox::Inbox;
pub use injector::{Inject, Injector};
pub use mailbox::Mailbox;
