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

/// Which channel, and how many messages fit into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelPlace(u64);

impl ChannelPlace {
    /// A channel is aligned to so many bits, which its address need not keep.
    const ALIGNED_BITS: u32 = 7;
    /// The rest of an address.
    const ADDRESS_BITS: u32 = 40;
    /// As good as no bound.
    const UNBOUNDED: u64 = u64::MAX >> Self::ADDRESS_BITS;

    /// The channel at `address`, a multiple of 128.
    #[inline]
    pub fn new(address: usize, capacity: Option<usize>) -> Self {
        let capacity = capacity.map_or(Self::UNBOUNDED, |count| (count as u64).min(Self::UNBOUNDED));
        Self(capacity << Self::ADDRESS_BITS | address as u64 >> Self::ALIGNED_BITS)
    }

    /// Where the channel is.
    pub fn address(self) -> usize {
        ((self.0 & u64::MAX >> (u64::BITS - Self::ADDRESS_BITS)) << Self::ALIGNED_BITS) as usize
    }

    /// How many messages fit into it, if there is a bound (of less than 16,777,215).
    pub fn capacity(self) -> Option<usize> {
        let capacity = self.0 >> Self::ADDRESS_BITS;
        (capacity != Self::UNBOUNDED).then_some(capacity as usize)
    }
}

/// The number of a file descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor(u64);

impl Descriptor {
    /// The number.
    #[inline]
    pub const fn as_raw(self) -> i32 {
        self.0 as i32
    }
}

impl From<i32> for Descriptor {
    #[inline]
    fn from(fd: i32) -> Self {
        Self(fd as u64)
    }
}

/// Why an agent is parked. Each variant has one number of 64 bits, or none, so that a reason travels in two registers (and not
/// through memory, where it was written in parts and read as a whole: 8 ns of each hand-over).
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
    Send(ChannelPlace),
    /// A message in the channel at this address, which is empty.
    Recv(ChannelPlace),
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
    Readable(Descriptor),
    /// Room in this file descriptor.
    Writable(Descriptor),
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
            Reason::Send(channel) => {
                write!(f, "send on channel {:#x}", channel.address())?;
                match channel.capacity() {
                    Some(0) => f.write_str(" (rendezvous)"),
                    Some(bound) => write!(f, " ({bound} of {bound})"),
                    None => Ok(()),
                }
            }
            Reason::Recv(channel) => {
                write!(f, "recv on channel {:#x}", channel.address())?;
                match channel.capacity() {
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
            Reason::Readable(fd) => write!(f, "read fd {}", fd.as_raw()),
            Reason::Writable(fd) => write!(f, "write fd {}", fd.as_raw()),
            Reason::Dump => f.write_str("this dump"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_keeps_address_and_capacity() {
        let address = 0x7fff_ffff_ff80;
        for capacity in [Some(0), Some(1), Some(16_777_214), None] {
            let place = ChannelPlace::new(address, capacity);
            assert_eq!((place.address(), place.capacity()), (address, capacity));
        }
        assert_eq!(ChannelPlace::new(address, Some(usize::MAX)).capacity(), None);
    }
}
