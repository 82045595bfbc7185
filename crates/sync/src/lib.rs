#![doc = include_str!("../README.md")]

pub mod channel;
mod condvar;
mod mutex;
mod wait_group;

pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};
pub use wait_group::WaitGroup;
