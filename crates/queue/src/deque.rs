//! The local queue: a bounded deque whose owner pushes and takes at the young end, and whose thieves take the older half.
//!
//! Knows nothing of what an item is, nor of who must be woken when there is one.
//!
//! ```text
//!            being copied      available          free
//!           ┌──────────────┬──────────────────┬─ ─ ─ ─ ─ ─ ─┐     slots, index modulo CAP
//!           └──────────────┴──────────────────┴─ ─ ─ ─ ─ ─ ─┘
//!         steal           head               tail          steal + CAP
//!
//!   word  │ tail:16 │ unused:16 │ head:16 │ steal:16 │            one AtomicU64; indices wrap at 2^16
//! ```
//!
//! | transition | who | change of the word | one RMW |
//! |---|---|---|---|
//! | push | owner | tail + 1, or + count | `fetch_add` (tail has the top bits, so it wraps out) |
//! | take the youngest | owner | tail - 1 | CAS |
//! | take the oldest | owner | head + 1, and steal with it unless a claim is open | CAS |
//! | claim | a thief, or the owner for an overflow | head + count, if steal = head | CAS |
//! | give back | the claimant | steal := head | CAS |
//!
//! Invariants:
//! 1. `steal <= head <= tail <= steal + CAP`, in wrapping distance from `steal`. One word, so every look is consistent.
//! 2. Slots in `[head, tail)` hold an item and are touched by nobody: *claim before you touch*.
//! 3. Slots in `[steal, head)`: those of the open claim are the claimant's; what the owner took from the old end while the
//!    claim was open is the owner's.
//! 4. All other slots are empty and the owner's.
//! 5. At most one claim is open: `steal != head` turns other claimants away.
//!
//! Orderings. Every change of the word is an RMW, so a Release in it is seen by an Acquire of any later value.
//! - push, [`Local::push_many`] and [`Stealer::steal_half_into`]'s publishing: Release, pairs with the Acquire of the claim: the claimant reads
//!   what was written.
//! - give back: Release, pairs with the Acquire load in both pushes (and in `steal_half_into`, of the destination): the owner
//!   writes a slot only after the claimant has read it.
//! - the owner's two pops: Relaxed. The owner wrote those slots itself, and whoever claims later reads others.
//!
//! Races:
//! - *The last item.* The owner takes the youngest, a thief claims the same one. Both CAS the same word; one fails, looks
//!   again and sees an empty queue.
//! - *A slot used again.* A thief claims, and is slow. The owner pushes on round the ring: it counts from `steal`, so the
//!   thief's slots stay occupied and push answers that the queue is full.
//! - *Old end under a claim.* The owner takes the oldest while a thief copies. Only head moves; the thief gives back up to
//!   head as it is then, else the slot in between would be neither available nor free for ever.
//! - *A thief loses its core while it copies.* Its slots stay used and other thieves find the queue busy; the owner goes on
//!   with the other slots, and overflows the earlier.
//! - *The same word again (ABA).* Harmless: nothing but the word is read before the CAS.
//!
//! The road not taken: copy first and validate with one CAS at the end (Go's queue). Its slots must be atomics, in which no
//! model checker of today sees a missing ordering, since load buffering is not explored. Two RMWs a theft instead of one
//! buy plain slots, in which it sees each of them.

use sisal_base::sync::atomic::{AtomicU64, Ordering};
use sisal_base::sync::{Arc, UnsafeCell};
use sisal_base::{CachePadded, fault, ordering};
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::vec;

const HEAD_SHIFT: u32 = 16;
const TAIL_SHIFT: u32 = 48;
const ONE_AT_TAIL: u64 = 1 << TAIL_SHIFT;

/// How often a claim is tried before the queue is called busy: each failure means that somebody else has changed the
/// word, and each try takes its cache line away from the owner.
const CLAIM_TRIES_MAX: u32 = 4;

/// A new empty queue of at most `CAP` items: its owner's half, and the half to steal from.
///
/// ```
/// let (local, stealer) = sisal_queue::deque::<u32, 4>();
/// local.push(1).unwrap();
/// local.push(2).unwrap();
/// assert_eq!(stealer.len(), 2);
/// assert_eq!(local.pop_young(), Some(2));
/// assert_eq!(local.pop_old(), Some(1));
/// ```
///
/// `CAP` must be a power of two, at most 2^15; this is checked when it is compiled.
pub fn deque<T: Send, const CAP: usize>() -> (Local<T, CAP>, Stealer<T, CAP>) {
    deque_starting_at(0)
}

/// [`deque`] whose first item has this index, so that tests see the indices wrap.
pub fn deque_starting_at<T: Send, const CAP: usize>(index: u16) -> (Local<T, CAP>, Stealer<T, CAP>) {
    const { assert!(CAP.is_power_of_two() && CAP <= 1 << 15, "a power of two, at most 2^15") };
    let at = Indices { steal: index, head: index, tail: index };
    let shared = Arc::new(Shared {
        word: CachePadded::new(AtomicU64::new(at.pack())),
        slots: std::array::from_fn(|_| UnsafeCell::new(MaybeUninit::uninit())),
    });
    let stealer = Stealer { shared: Arc::clone(&shared) };
    (Local { shared, not_sync: PhantomData }, stealer)
}

/// The owner's half of a [`deque`]: one thread at a time.
///
/// ```compile_fail
/// fn is_sync<T: Sync>(_: T) {}
/// is_sync(sisal_queue::deque::<u32, 4>().0);
/// ```
pub struct Local<T: Send, const CAP: usize> {
    shared: Arc<Shared<T, CAP>>,
    not_sync: PhantomData<Cell<()>>,
}

/// The half of a [`deque`] that others steal from.
pub struct Stealer<T: Send, const CAP: usize> {
    shared: Arc<Shared<T, CAP>>,
}

/// What came of an attempt to steal.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steal<T> {
    /// There was nothing to steal.
    Empty,
    /// Somebody else is stealing, or the queue changes too quickly; there may be something.
    Busy,
    /// The oldest item, and how many more went into the thief's own queue.
    Taken {
        /// The oldest item.
        first: T,
        /// How many more were moved.
        moved: usize,
    },
}

impl<T: Send, const CAP: usize> Local<T, CAP> {
    /// Puts an item at the young end.
    ///
    /// # Errors
    /// Gives the item back if the queue is full. Slots that a thief has claimed and not yet given back count.
    #[inline]
    pub fn push(&self, item: T) -> Result<(), T> {
        // Acquire: pairs with the Release in `Claim::drop`, whose slots are written next.
        let at = self.shared.look(ordering!(Acquire, "deque.push.reuse" => Relaxed));
        let used = if fault!("deque.push.ignores_claim") { at.available() } else { at.used() };
        if used >= CAP {
            return Err(item);
        }
        if fault!("deque.push.publish_first") {
            self.shared.word.fetch_add(ONE_AT_TAIL, Ordering::Release);
        }
        // SAFETY: invariant 4: the slot at tail is free, because the queue is not full, and this is the owner.
        unsafe { self.shared.put(at.tail, item) };
        if !fault!("deque.push.publish_first") {
            // tail => tail + 1. Release: pairs with the Acquire in `Shared::claim`.
            self.shared.word.fetch_add(ONE_AT_TAIL, ordering!(Release, "deque.push.publish" => Relaxed));
        }
        Ok(())
    }

    /// Puts items at the young end, one after the other, as long as there is room, in one step for all of them; how many.
    // Not of any iterator, which might come back to this queue.
    #[inline]
    pub fn push_many(&self, items: &mut vec::Drain<'_, T>) -> usize {
        // Acquire: as in `push`.
        let at = self.shared.look(ordering!(Acquire, "deque.push_many.reuse" => Relaxed));
        let room = CAP - if fault!("deque.push_many.ignores_claim") { at.available() } else { at.used() };
        // SAFETY: invariant 4: so many slots from tail on are free, and this is the owner.
        unsafe { self.shared.put_many(at.tail, items.take(room)) }
    }

    /// Takes the youngest item.
    #[inline]
    pub fn pop_young(&self) -> Option<T> {
        let mut word = self.shared.word.load(Ordering::Relaxed);
        loop {
            let at = Indices::unpack(word);
            if at.available() == 0 {
                return None;
            }
            // tail => tail - 1. Relaxed: the owner wrote the slot itself.
            match self.shared.change(word, word.wrapping_sub(ONE_AT_TAIL), fault!("deque.pop_young.no_cas")) {
                // SAFETY: invariant 2: it was available, and the CAS has made it this owner's.
                Ok(()) => return Some(unsafe { self.shared.take(at.tail.wrapping_sub(1)) }),
                Err(seen) => word = seen,
            }
        }
    }

    /// Takes the oldest item.
    #[inline]
    pub fn pop_old(&self) -> Option<T> {
        let mut word = self.shared.word.load(Ordering::Relaxed);
        loop {
            let at = Indices::unpack(word);
            if at.available() == 0 {
                return None;
            }
            let head = at.head.wrapping_add(1);
            let keeps_claim = at.is_claimed() && !fault!("deque.pop_old.forgets_claim");
            let steal = if keeps_claim { at.steal } else { head };
            // head => head + 1. Relaxed: the owner wrote the slot itself.
            let next = Indices { steal, head, ..at }.pack();
            match self.shared.change(word, next, fault!("deque.pop_old.no_cas")) {
                // SAFETY: invariant 2: it was available, and the CAS has made it this owner's.
                Ok(()) => return Some(unsafe { self.shared.take(at.head) }),
                Err(seen) => word = seen,
            }
        }
    }

    /// Takes the older half (rounded up) out, oldest first, for a queue that overflows; the count. It is 0 while a thief
    /// is at work, who is making room anyway.
    ///
    /// While `sink` runs, the items not yet given to it are claimed: others cannot steal. If it panics, they are dropped.
    pub fn take_older_half(&self, sink: &mut impl FnMut(T)) -> usize {
        match self.shared.claim_older_half(CAP) {
            Claimed::Empty | Claimed::Busy => 0,
            Claimed::Some(claim) => claim.map(sink).count(),
        }
    }

    /// How many items can be taken.
    #[inline]
    pub fn len(&self) -> usize {
        self.shared.look(Ordering::Relaxed).available()
    }

    /// Whether no item can be taken.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Another handle for thieves.
    pub fn stealer(&self) -> Stealer<T, CAP> {
        Stealer { shared: Arc::clone(&self.shared) }
    }
}

impl<T: Send, const CAP: usize> Stealer<T, CAP> {
    /// How many items there are to steal: one relaxed load. Thieves poll this and not the theft, whose CAS takes the
    /// cache line away from the owner.
    #[inline]
    pub fn len(&self) -> usize {
        self.shared.look(Ordering::Relaxed).available()
    }

    /// Whether there is nothing to steal: one relaxed load.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the older half (rounded up): gives back the oldest item, and puts the others into `dest`, the caller's own
    /// queue; no more than fit.
    ///
    /// Between claim and publishing the loot is seen in neither queue. So whoever steals must wake another who might have
    /// looked for it meanwhile: [`Searching::found`](crate::Searching::found).
    pub fn steal_half_into(&self, dest: &Local<T, CAP>) -> Steal<T> {
        self.steal_into(dest, CAP)
    }

    /// As [`steal_half_into`](Self::steal_half_into), but no more than `most` items; one at the least.
    pub fn steal_into(&self, dest: &Local<T, CAP>, most: usize) -> Steal<T> {
        // Acquire: pairs with the Release in `Claim::drop` of those who stole from `dest`; its slots are written next.
        // Meanwhile its room can only grow, since only its owner, who is here, fills it.
        let into = dest.shared.look(ordering!(Acquire, "deque.steal.reuse" => Relaxed));
        let room = if fault!("deque.steal.ignores_room") { CAP } else { CAP - into.used() };
        let mut claim = match self.shared.claim_older_half((room + 1).min(most.max(1))) {
            Claimed::Empty => return Steal::Empty,
            Claimed::Busy => return Steal::Busy,
            Claimed::Some(claim) => claim,
        };
        let first = claim.next().expect("a claim is not empty");
        // SAFETY: invariant 4: within the room of `dest`, and this is its owner.
        let moved = unsafe { dest.shared.put_many(into.tail, claim) };
        Steal::Taken { first, moved }
    }
}

impl<T: Send, const CAP: usize> Clone for Stealer<T, CAP> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T: Send, const CAP: usize> fmt::Debug for Local<T, CAP> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").field("len", &self.len()).field("capacity", &CAP).finish()
    }
}

impl<T: Send, const CAP: usize> fmt::Debug for Stealer<T, CAP> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stealer").field("len", &self.len()).field("capacity", &CAP).finish()
    }
}

/// The three indices, unpacked.
#[derive(Clone, Copy, Debug)]
struct Indices {
    steal: u16,
    head: u16,
    tail: u16,
}

impl Indices {
    #[inline(always)]
    const fn unpack(word: u64) -> Self {
        Self { steal: word as u16, head: (word >> HEAD_SHIFT) as u16, tail: (word >> TAIL_SHIFT) as u16 }
    }

    #[inline(always)]
    const fn pack(self) -> u64 {
        self.steal as u64 | (self.head as u64) << HEAD_SHIFT | (self.tail as u64) << TAIL_SHIFT
    }

    /// Items that can be taken.
    #[inline(always)]
    const fn available(self) -> usize {
        self.tail.wrapping_sub(self.head) as usize
    }

    /// Slots that cannot be written.
    #[inline(always)]
    const fn used(self) -> usize {
        self.tail.wrapping_sub(self.steal) as usize
    }

    #[inline(always)]
    const fn is_claimed(self) -> bool {
        self.steal != self.head
    }
}

struct Shared<T, const CAP: usize> {
    word: CachePadded<AtomicU64>,
    slots: [UnsafeCell<MaybeUninit<T>>; CAP],
}

// SAFETY: the slots move items between threads, one thread at a time (invariants 2 to 5), and never share them.
unsafe impl<T: Send, const CAP: usize> Sync for Shared<T, CAP> {}
// SAFETY: as for any owned items.
unsafe impl<T: Send, const CAP: usize> Send for Shared<T, CAP> {}

enum Claimed<'a, T, const CAP: usize> {
    Empty,
    Busy,
    Some(Claim<'a, T, CAP>),
}

impl<T, const CAP: usize> Shared<T, CAP> {
    #[inline(always)]
    fn look(&self, ordering: Ordering) -> Indices {
        let at = Indices::unpack(self.word.load(ordering));
        debug_assert!(at.available() <= at.used() && at.used() <= CAP, "invariant 1: {at:?}");
        at
    }

    /// The owner's CAS, which may fail without reason; its mutant is blind.
    #[inline(always)]
    fn change(&self, now: u64, next: u64, blind: bool) -> Result<(), u64> {
        if blind {
            self.word.swap(next, Ordering::AcqRel);
            return Ok(());
        }
        self.word.compare_exchange_weak(now, next, Ordering::Relaxed, Ordering::Relaxed).map(drop)
    }

    /// # Safety
    /// The slot is empty and the caller's.
    #[inline(always)]
    unsafe fn put(&self, index: u16, item: T) {
        self.slots[usize::from(index) & (CAP - 1)].with_mut(|slot| {
            // SAFETY: the caller's promise.
            unsafe { (*slot).write(item) };
        });
    }

    /// Puts items from `tail` on, then publishes them; how many.
    ///
    /// # Safety
    /// As many slots from `tail` on, where the queue's tail is, are empty, and the caller is the owner.
    #[inline(always)]
    unsafe fn put_many(&self, tail: u16, items: impl Iterator<Item = T>) -> usize {
        let mut count: u16 = 0;
        for item in items {
            // SAFETY: the caller's promise.
            unsafe { self.put(tail.wrapping_add(count), item) };
            count += 1;
        }
        if count > 0 {
            // tail => tail + count. Release: pairs with the Acquire in `Shared::claim`, of whoever steals them (again).
            let publish = ordering!(Release, "deque.put_many.publish" => Relaxed);
            self.word.fetch_add(u64::from(count) << TAIL_SHIFT, publish);
        }
        usize::from(count)
    }

    /// # Safety
    /// The slot holds an item and is the caller's; it is empty afterwards.
    #[inline(always)]
    unsafe fn take(&self, index: u16) -> T {
        // As a write, so that loom sees a conflict with a second taker, too.
        self.slots[usize::from(index) & (CAP - 1)].with_mut(|slot| {
            // SAFETY: the caller's promise.
            unsafe { (*slot).assume_init_read() }
        })
    }

    /// Claims the older half (rounded up), at most `count_max` of it.
    fn claim_older_half(&self, count_max: usize) -> Claimed<'_, T, CAP> {
        let mut word = self.word.load(Ordering::Relaxed);
        for _ in 0..CLAIM_TRIES_MAX {
            let at = Indices::unpack(word);
            let available = at.available();
            if available == 0 {
                return Claimed::Empty;
            }
            if at.is_claimed() && !fault!("deque.claim.second") {
                return Claimed::Busy;
            }
            let count = (available - available / 2).min(count_max);
            let end = at.head.wrapping_add(count as u16);
            // head => head + count. Acquire: pairs with the Release in `push` and `put_many`.
            let acquire = ordering!(Acquire, "deque.claim.acquire" => Relaxed);
            let steal = if fault!("deque.claim.reserves_nothing") { end } else { at.steal };
            let next = Indices { steal, head: end, ..at }.pack();
            if fault!("deque.claim.no_cas") {
                self.word.swap(next, Ordering::AcqRel);
                return Claimed::Some(Claim { shared: self, next: at.head, end });
            }
            match self.word.compare_exchange(word, next, acquire, Ordering::Relaxed) {
                Ok(_) => return Claimed::Some(Claim { shared: self, next: at.head, end }),
                Err(seen) => word = seen,
            }
        }
        Claimed::Busy
    }
}

impl<T, const CAP: usize> Drop for Shared<T, CAP> {
    fn drop(&mut self) {
        let at = self.look(Ordering::Relaxed);
        for offset in 0..at.available() {
            // SAFETY: invariant 2, and nobody else has this queue any more.
            drop(unsafe { self.take(at.head.wrapping_add(offset as u16)) });
        }
    }
}

/// The right to slots `[next, end)`; given back when dropped, with what is left in it.
struct Claim<'a, T, const CAP: usize> {
    shared: &'a Shared<T, CAP>,
    next: u16,
    end: u16,
}

impl<T, const CAP: usize> Iterator for Claim<'_, T, CAP> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        if self.next == self.end {
            return None;
        }
        let index = self.next;
        self.next = index.wrapping_add(1);
        // SAFETY: invariant 3: the slot is this claim's, and it is taken once.
        Some(unsafe { self.shared.take(index) })
    }
}

impl<T, const CAP: usize> Drop for Claim<'_, T, CAP> {
    fn drop(&mut self) {
        self.for_each(drop);
        let mut word = self.shared.word.load(Ordering::Relaxed);
        loop {
            let at = Indices::unpack(word);
            let free_to = if fault!("deque.give_back.own_end") { self.end } else { at.head };
            // steal => head. Release: pairs with the Acquire in `push`, `push_many` and `steal_half_into`.
            let release = ordering!(Release, "deque.give_back.release" => Relaxed);
            let next = Indices { steal: free_to, ..at }.pack();
            if fault!("deque.give_back.no_cas") {
                self.shared.word.swap(next, Ordering::AcqRel);
                return;
            }
            match self.shared.word.compare_exchange_weak(word, next, release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) => word = seen,
            }
        }
    }
}
