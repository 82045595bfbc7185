//! The stacks of one class: slabs, cut into slots, and the slots that nobody uses.
//!
//! Knows nothing of locks, workers or other classes.
//!
//! ```text
//!   slab    ┌──────┬──────┬──────┬──────┬──────┬──────┬─────────────────────────
//!           │ slot │ slot │ slot │ slot │ slot │ slot │ address space, no guards
//!           └──────┴──────┴──────┴──────┴──────┴──────┴─────────────────────────
//!                   carved ───▶ (stacks) guarded ───▶ (laid in batches)     slots
//!
//!   free    trimmed  [ no pages, the last resort before carving ]
//!           warm     [ oldest ........ | .............. newest ]   taken from here
//!                      trimmed first     the hot part stays
//! ```

use std::collections::VecDeque;
use std::mem;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

use crate::class::Class;
use crate::guard::Guards;
use crate::os;
use crate::refusal::Refusal;
use crate::slabs::{self, Slab};
use crate::stack::Stack;

/// The first slab of a class, the last, and the least that is tried when there is no room for more. Each slab is twice
/// as large as the one before, so that a million stacks need eleven of them.
const SLAB_BYTES_FIRST: usize = 64 << 20;
const SLAB_BYTES_LAST: usize = match 1_usize.checked_shl(36) {
    Some(bytes) => bytes,
    None => 1 << 28,
};
const SLAB_BYTES_LEAST: usize = 1 << 20;

/// Address space that must still be free once a slab is mapped: a program that has none left cannot even allocate the
/// error that says so.
pub(crate) const HEADROOM_BYTES: usize = 64 << 20;

/// The first batch of guards: a small program does not pay for more.
const BATCH_SLOTS_FIRST: usize = 8;

/// The largest batch: 1,024 slots of 64 KiB. Fewer of the larger ones, whose guards need a page of page table each.
const BATCH_BYTES_LAST: usize = 64 << 20;

/// How much of the address space of free stacks stays warm, whatever happens: 256 stacks of 64 KiB. Most fibers touch
/// one or two pages, so that is some 2 MiB of memory; and it cannot be more than 16.
const WARM_BYTES: usize = 16 << 20;

/// How long a stack must have been of no use to anybody before it is cold. Programs breathe: what the next burst needs
/// within a second would be given back for 0.3 µs and asked for again for 1.5.
const COLD_AFTER: Duration = Duration::from_secs(1);

/// One class's slabs and free stacks.
#[derive(Debug)]
pub(crate) struct Shelf {
    class: Class,
    /// Free, with the pages that their last fiber touched; the newest at the back.
    warm: VecDeque<Stack>,
    /// Free, without pages.
    trimmed: Vec<Stack>,
    demand: Demand,
    /// The slab that is being cut. Those before it are cut to the end.
    slab: Cut,
    slab_bytes_next: usize,
    batch_slots: usize,
    carved: usize,
    mapped_bytes: usize,
}

/// How many of the warm stacks were of no use lately. They are at the old end, since the newest are taken first.
#[derive(Debug)]
struct Demand {
    /// When the running spell of [`COLD_AFTER`] began.
    since: Instant,
    /// The fewest that were warm in this spell.
    least: usize,
    /// So many of the oldest were warm in the whole of the last one, and still are.
    cold: usize,
}

/// A slab and how far it is cut: `carved <= guarded <= slots`.
#[derive(Debug)]
struct Cut {
    start: NonNull<u8>,
    slots: usize,
    carved: usize,
    guarded: usize,
}

// SAFETY: `start` is an address inside a mapping that the shelf owns alone, as a `Stack` owns its slot.
unsafe impl Send for Cut {}

/// What a shelf holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    pub(crate) carved: usize,
    pub(crate) warm: usize,
    pub(crate) trimmed: usize,
    pub(crate) mapped_bytes: usize,
}

impl Shelf {
    pub(crate) fn new(class: Class) -> Shelf {
        Shelf {
            class,
            warm: VecDeque::new(),
            trimmed: Vec::new(),
            demand: Demand { since: Instant::now(), least: 0, cold: 0 },
            slab: Cut { start: NonNull::dangling(), slots: 0, carved: 0, guarded: 0 },
            slab_bytes_next: SLAB_BYTES_FIRST,
            batch_slots: BATCH_SLOTS_FIRST,
            carved: 0,
            mapped_bytes: 0,
        }
    }

    /// Moves `count` stacks to `into`, the warmest last. Fewer, but at least one, if more would cost system calls. Gives how many of them,
    /// the first, have no pages.
    pub(crate) fn take(
        &mut self,
        into: &mut Vec<Stack>,
        count: usize,
        guards: &Guards,
        owner: *mut (),
    ) -> Result<usize, Refusal> {
        let first = into.len();
        while into.len() < first + count {
            let Some(stack) = self.warm.pop_back() else { break };
            into.push(stack);
        }
        let warm = into.len() - first;
        while into.len() < first + count {
            let Some(stack) = self.trimmed.pop().or_else(|| self.carve()) else {
                if into.len() > first {
                    break;
                }
                self.provide(guards, owner)?;
                continue;
            };
            into.push(stack);
        }
        into[first..].reverse();
        self.demand.least = self.demand.least.min(self.warm.len());
        self.demand.cold = self.demand.cold.min(self.warm.len());
        Ok(into.len() - first - warm)
    }

    /// Takes a stack back. Never allocates: there is room in `warm` for every stack that was carved.
    pub(crate) fn give(&mut self, stack: Stack) {
        debug_assert_eq!(stack.class(), self.class);
        self.warm.push_back(stack);
    }

    /// How many stacks nobody has needed for [`COLD_AFTER`].
    pub(crate) fn cold(&mut self, now: Instant) -> usize {
        let demand = &mut self.demand;
        if now.saturating_duration_since(demand.since) >= COLD_AFTER {
            *demand = Demand { since: now, least: self.warm.len(), cold: demand.least };
        }
        demand.cold
    }

    /// Removes up to `count_max` of the coldest stacks that have pages, for [`give_trimmed`](Self::give_trimmed).
    pub(crate) fn take_cold(&mut self, count_max: usize) -> Vec<Stack> {
        let warm_max = (WARM_BYTES / self.class.bytes()).max(1);
        let count = self.warm.len().saturating_sub(warm_max).min(count_max);
        let mut cold = Vec::new();
        if count > 0 && cold.try_reserve_exact(count).is_ok() && self.trimmed.try_reserve(count).is_ok() {
            cold.extend(self.warm.drain(..count));
            self.demand.least = self.demand.least.saturating_sub(count);
            self.demand.cold = self.demand.cold.saturating_sub(count);
        }
        cold
    }

    /// Takes stacks back that have no pages any more.
    pub(crate) fn give_trimmed(&mut self, stacks: Vec<Stack>) {
        if self.trimmed.try_reserve(stacks.len()).is_ok() {
            self.trimmed.extend(stacks);
        } else {
            self.warm.extend(stacks);
        }
    }

    pub(crate) fn holding(&self) -> Holding {
        Holding {
            carved: self.carved,
            warm: self.warm.len(),
            trimmed: self.trimmed.len(),
            mapped_bytes: self.mapped_bytes,
        }
    }

    /// Cuts the next guarded slot off.
    fn carve(&mut self) -> Option<Stack> {
        let slab = &mut self.slab;
        if slab.carved == slab.guarded {
            return None;
        }
        let index = slab.carved;
        // SAFETY: slots up to `guarded` lie within the slab and have their guards; each index is carved once.
        let stack = unsafe {
            let slot = slab.start.add(index * self.class.slot_bytes());
            Stack::in_slot(slot, self.class, index)
        };
        slab.carved += 1;
        self.carved += 1;
        Some(stack)
    }

    /// Makes sure that something can be carved: another batch of guards, before that another slab if need be.
    #[cold]
    fn provide(&mut self, guards: &Guards, owner: *mut ()) -> Result<(), Refusal> {
        if self.slab.guarded == self.slab.slots {
            self.grow(owner)?;
        }
        let stride = self.class.slot_bytes();
        let slab = &mut self.slab;
        let batch = self.batch_slots.min(slab.slots - slab.guarded);
        // All of them may be free at once, and `give` must not fail.
        let wanted = self.carved + batch - self.warm.len();
        self.warm.try_reserve(wanted).map_err(|_| Refusal::Memory { source: None })?;
        let laid = guards.lay(slab.start.addr().get() + slab.guarded * stride, stride, batch);
        slab.guarded += laid.count;
        self.batch_slots = (2 * self.batch_slots).min((BATCH_BYTES_LAST / self.class.bytes()).max(1));
        match laid.refusal {
            Some(refusal) if laid.count == 0 => Err(refusal),
            _ => Ok(()),
        }
    }

    /// Reserves the next slab: twice the last, or half as often as it takes.
    fn grow(&mut self, owner: *mut ()) -> Result<(), Refusal> {
        let stride = self.class.slot_bytes();
        let least = SLAB_BYTES_LEAST.max(stride);
        let mut bytes = self.slab_bytes_next.max(least);
        loop {
            let slots = bytes / stride;
            match os::reserve(slots * stride, HEADROOM_BYTES) {
                Ok(start) => {
                    slabs::enter(Slab { start: start.as_ptr().addr(), stride, slots, owner });
                    self.slab = Cut { start, slots, carved: 0, guarded: 0 };
                    self.mapped_bytes += slots * stride;
                    self.slab_bytes_next = (2 * bytes).min(SLAB_BYTES_LAST);
                    return Ok(());
                }
                Err(_) if bytes > least => bytes = (bytes / 2).max(least),
                Err(source) => {
                    // The next one to ask begins here, and is not told no ten times.
                    self.slab_bytes_next = least;
                    return Err(Refusal::Space { bytes, source });
                }
            }
        }
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        // Pools live as long as the process; should one not, its stacks must not go looking for it.
        mem::take(&mut self.warm).into_iter().chain(mem::take(&mut self.trimmed)).for_each(mem::forget);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::ptr;

    use super::*;
    use crate::guard::GuardKind;

    fn take(shelf: &mut Shelf, count: usize) -> Vec<Stack> {
        let guards = Guards::new(GuardKind::detect());
        let mut stacks = Vec::new();
        while stacks.len() < count {
            let wanted = count - stacks.len();
            shelf.take(&mut stacks, wanted, &guards, ptr::null_mut()).expect("stacks");
        }
        stacks
    }

    #[test]
    fn slots_are_apart_and_tops_are_coloured() {
        let mut shelf = Shelf::new(Class::DEFAULT);
        let stacks = take(&mut shelf, 64);
        let page = os::page_size();
        let slots: HashSet<_> = stacks.iter().map(Stack::limit).collect();
        assert_eq!(slots.len(), 64);
        let tops: HashSet<_> = stacks.iter().map(|stack| stack.base() % page).collect();
        assert_eq!(tops.len(), 32);
        for stack in &stacks {
            assert_eq!(stack.base() % 64, 0);
            assert_eq!(stack.limit() % page, 0);
            assert!(stack.contains(stack.base()) && !stack.guard_contains(stack.base()));
            assert!(stack.usable().len() >= stack.class().usable());
            assert_eq!(stack.usable().start, stack.limit() + page);
        }
        stacks.into_iter().for_each(mem::forget);
    }

    #[test]
    fn what_the_last_spell_needed_is_not_cold() {
        let mut shelf = Shelf::new(Class::KEPT[2]);
        let stacks = take(&mut shelf, 100);
        stacks.into_iter().for_each(|stack| shelf.give(stack));
        let mut now = Instant::now();
        let mut spell = |shelf: &mut Shelf| {
            now += COLD_AFTER;
            shelf.cold(now)
        };
        assert_eq!(spell(&mut shelf), 0, "it was no whole spell");
        take(&mut shelf, 30).into_iter().for_each(|stack| shelf.give(stack));
        assert_eq!(spell(&mut shelf), 70);
        shelf.take_cold(50).into_iter().for_each(mem::forget);
        assert_eq!(shelf.cold(Instant::now()), 20);
        assert_eq!(spell(&mut shelf), 50);
        take(&mut shelf, 40).into_iter().for_each(|stack| shelf.give(stack));
        assert_eq!(shelf.cold(Instant::now()), 10, "the others were needed after all");
        take(&mut shelf, 50).into_iter().for_each(mem::forget);
        assert_eq!(spell(&mut shelf), 0);
    }

    #[test]
    fn what_comes_back_last_goes_first_and_cold_ones_last() {
        let mut shelf = Shelf::new(Class::KEPT[2]);
        let stacks = take(&mut shelf, 20);
        let limits: Vec<_> = stacks.iter().map(Stack::limit).collect();
        stacks.into_iter().for_each(|stack| shelf.give(stack));
        let cold = shelf.take_cold(3);
        assert_eq!(cold.iter().map(Stack::limit).collect::<Vec<_>>(), limits[..3]);
        shelf.give_trimmed(cold);
        assert_eq!(shelf.take_cold(100).len(), 1, "16 MiB stay warm");
        let again = take(&mut shelf, 16);
        assert_eq!(again[15].limit(), limits[19], "the warmest last");
        let holding = shelf.holding();
        assert_eq!((holding.carved, holding.warm, holding.trimmed), (20, 0, 3));
        again.into_iter().for_each(mem::forget);
    }
}
