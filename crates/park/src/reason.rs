//! Why an agent is parked, for whoever asks the process what everything waits for.
//!
//! Knows nothing of the things it names: an address or a number is enough to tell them apart.

use crate::AgentId;
use std::fmt;

/// Why an agent is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// `fiber::park`: until somebody unparks it.
    Park,
    /// A sleep until its deadline.
    Sleep,
    /// The end of that agent.
    Join(AgentId),
    /// The end of the children of a scope.
    Scope,
    /// A closure that runs on the blocking pool.
    Blocking,
    /// A call of the waker of the future that it drives.
    Future,
    /// Room in the channel at this address, or a receiver.
    Send(usize),
    /// A message in the channel at this address.
    Recv(usize),
    /// Whichever of so many arms comes first.
    Select(usize),
    /// The lock at this address.
    Lock(usize),
    /// A notice of the condition variable at this address.
    Condvar(usize),
    /// A wait group at this address.
    WaitGroup(usize),
    /// The others of the barrier at this address.
    Barrier(usize),
    /// Permits of the semaphore at this address.
    Semaphore(usize),
    /// The one who initialises what the `Once` at this address guards.
    Once(usize),
    /// A notice of the `Notify` at this address.
    Notify(usize),
    /// The cancel of the token at this address.
    Token(usize),
    /// Data on this file descriptor.
    Readable(i32),
    /// Room in this file descriptor.
    Writable(i32),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Reason::Park => f.write_str("park"),
            Reason::Sleep => f.write_str("sleep"),
            Reason::Join(id) => write!(f, "join of {id}"),
            Reason::Scope => f.write_str("end of a scope"),
            Reason::Blocking => f.write_str("blocking pool"),
            Reason::Future => f.write_str("a future"),
            Reason::Send(address) => write!(f, "send on channel {address:#x}"),
            Reason::Recv(address) => write!(f, "recv on channel {address:#x}"),
            Reason::Select(arms) => write!(f, "select over {arms}"),
            Reason::Lock(address) => write!(f, "lock {address:#x}"),
            Reason::Condvar(address) => write!(f, "condvar {address:#x}"),
            Reason::WaitGroup(address) => write!(f, "wait group {address:#x}"),
            Reason::Barrier(address) => write!(f, "barrier {address:#x}"),
            Reason::Semaphore(address) => write!(f, "semaphore {address:#x}"),
            Reason::Once(address) => write!(f, "once {address:#x}"),
            Reason::Notify(address) => write!(f, "notify {address:#x}"),
            Reason::Token(address) => write!(f, "cancel of token {address:#x}"),
            Reason::Readable(fd) => write!(f, "read fd {fd}"),
            Reason::Writable(fd) => write!(f, "write fd {fd}"),
        }
    }
}
