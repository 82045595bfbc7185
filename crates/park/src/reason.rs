//! Why an agent is parked, for whoever asks the process what everything waits for.
//!
//! Knows nothing of the things it names: an address or a number is enough to tell them apart. It knows one bit field: where in a
//! mutex's word its holder stands, and that of a lock its writer stands in a word of its own, so that a report can say who waits for whom.

use crate::AgentId;
use sisal_base::sync::atomic::{AtomicU64, Ordering};
use std::fmt;
use std::ptr;

/// The first bit of a mutex's word that belongs to its holder's number; the number is 0 while nobody has it.
pub const HOLDER_SHIFT: u32 = 4;

/// How many messages fit into a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity(u32);

impl Capacity {
    /// The capacity of a bounded channel, or none.
    #[inline]
    pub fn of(capacity: Option<usize>) -> Self {
        // So many are as good as no bound.
        Self(capacity.and_then(|count| u32::try_from(count).ok()).unwrap_or(u32::MAX))
    }

    /// Whether messages pass from hand to hand.
    pub fn is_rendezvous(self) -> bool {
        self.0 == 0
    }

    fn bound(self) -> Option<u32> {
        (self.0 != u32::MAX).then_some(self.0)
    }
}

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
    /// Room in the channel at this address, which is full, or a receiver.
    Send(usize, Capacity),
    /// A message in the channel at this address, which is empty.
    Recv(usize, Capacity),
    /// The moment at which the timer channel at this address has its next message.
    Timer(usize),
    /// Whichever of so many arms comes first.
    Select(usize),
    /// The mutex whose word is at this address, and says who has it.
    Mutex(usize),
    /// The reader-writer lock whose writer's number is at this address; it is 0 while there is none, or it is not known.
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
    /// The other workers' answers to the dump that it takes.
    Dump,
}

const _: () = assert!(size_of::<Reason>() <= 16);

impl Reason {
    /// The one agent whose doing ends the wait, if there is one: who has the mutex, who writes under the lock, who is to be joined.
    ///
    /// # Safety
    /// The agent that waits for this reason does not run meanwhile. (What it waits for is borrowed by its frames.)
    pub unsafe fn awaited(self) -> Option<AgentId> {
        match self {
            Self::Join(id) => Some(id),
            Self::Mutex(address) => {
                // SAFETY: the caller's promise; the mutex gave the address of its word, which is never moved while it is waited for.
                let word = unsafe { &*ptr::with_exposed_provenance::<AtomicU64>(address) };
                let holder = word.load(Ordering::Relaxed) >> HOLDER_SHIFT;
                (holder != 0).then(|| AgentId::from_u64(holder))
            }
            Self::Lock(address) => {
                // SAFETY: as above; the lock gave the address of its writer's number.
                let writer = unsafe { &*ptr::with_exposed_provenance::<AtomicU64>(address) };
                let writer = writer.load(Ordering::Relaxed);
                (writer != 0).then(|| AgentId::from_u64(writer))
            }
            _ => None,
        }
    }
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
            Reason::Send(address, capacity) => {
                write!(f, "send on channel {address:#x}")?;
                match capacity.bound() {
                    Some(0) => f.write_str(" (rendezvous)"),
                    Some(bound) => write!(f, " ({bound} of {bound})"),
                    None => Ok(()),
                }
            }
            Reason::Recv(address, capacity) => {
                write!(f, "recv on channel {address:#x}")?;
                match capacity.bound() {
                    Some(0) => f.write_str(" (rendezvous)"),
                    Some(bound) => write!(f, " (0 of {bound})"),
                    None => f.write_str(" (0, unbounded)"),
                }
            }
            Reason::Timer(0) => f.write_str("recv on a channel that never has a message"),
            Reason::Timer(address) => write!(f, "recv on timer {address:#x}"),
            Reason::Mutex(address) => write!(f, "mutex {address:#x}"),
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
            Reason::Dump => f.write_str("this dump"),
        }
    }
}
