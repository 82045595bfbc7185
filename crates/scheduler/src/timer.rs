//! Each worker's timers: a hierarchical wheel with one owner.
//!
//! Knows nothing of why a fiber waits; a timer that fires hands its task to whoever turned the wheel.
//!
//! G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels" (1987), scheme 7. Seven wheels of 64 slots; a slot of
//! wheel `n` is `64^n` ticks of 2^14 ns (16.4 µs) wide, so the first wheel reaches 1 ms, the last 2 years; later deadlines
//! stand in the last slot and are sorted in again when it comes round. Each wheel has a bitmap of the slots in use, so
//! that the next one to look at is found without walking.
//!
//! ```text
//!  wheel 0  │ 16 µs │ 16 µs │ …                      a timer moves down one wheel or more
//!  wheel 1  │   1 ms   │   1 ms   │ …        ▲       when the slot in which it stands comes up
//!  wheel 2  │     67 ms     │     67 ms     │ …
//! ```
//!
//! Invariants:
//! 1. A timer that is armed stands in the list of exactly one slot of the wheel of the worker that armed it.
//! 2. No timer fires early: it fires in the turn after the tick in which its deadline lies.

use crate::task::Task;
use sisal_base::list::{Linked, Links, List};
use std::cell::Cell;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

const TICK_BITS: u32 = 14;
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS: usize = 7;
/// With so many timers armed, a sleep is worth some lateness.
const MANY: usize = 256;
/// What a worker sleeps among many timers.
const TOGETHER: Duration = Duration::from_micros(100);
/// The farthest tick that the wheels can tell apart.
const TICKS_MAX: u64 = (1 << (SLOT_BITS * LEVELS as u32)) - 1;

/// One fiber's timer, in its record.
pub(crate) struct Timer {
    links: Links<Timer>,
    task: Task,
    tick: Cell<u64>,
    slot: Cell<u16>,
    fired: Cell<bool>,
}

// SAFETY: `links` is a field.
unsafe impl Linked for Timer {
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
        // SAFETY: the caller's promise that `node` lives.
        unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
    }
}

impl Timer {
    pub(crate) fn new(task: Task) -> Self {
        Self { links: Links::new(), task, tick: Cell::new(0), slot: Cell::new(0), fired: Cell::new(false) }
    }

    /// Whether it stands in a wheel.
    #[inline]
    pub(crate) fn is_armed(&self) -> bool {
        self.links.is_linked()
    }

    /// When it fires, once it is armed in a wheel that began at `start`: its deadline, to some 16 µs.
    pub(crate) fn due(&self, start: Instant) -> Instant {
        start + Duration::from_nanos(self.tick.get() << TICK_BITS)
    }

    /// Whether the two fire together: which is first, nothing says.
    pub(crate) fn is_due_with(&self, other: &Self) -> bool {
        self.tick == other.tick
    }

    /// Whether it fired since it was armed last.
    #[inline]
    pub(crate) fn has_fired(&self) -> bool {
        self.fired.get()
    }
}

/// A worker's wheels.
pub(crate) struct Wheel {
    start: Instant,
    /// Every tick up to and with this one is done.
    done: u64,
    armed: usize,
    in_use: [u64; LEVELS],
    slots: Box<[List<Timer>]>,
}

impl Wheel {
    pub(crate) fn new(start: Instant) -> Self {
        let slots = (0..LEVELS * SLOTS).map(|_| List::new()).collect();
        Self { start, done: 0, armed: 0, in_use: [0; LEVELS], slots }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.armed == 0
    }

    /// The tick after which `deadline` has surely passed.
    fn tick_after(&self, deadline: Instant) -> u64 {
        let ns = deadline.saturating_duration_since(self.start).as_nanos();
        u64::try_from(ns >> TICK_BITS).unwrap_or(u64::MAX).min(TICKS_MAX << SLOT_BITS)
    }

    /// Arms `timer`; it fires at or after `deadline`.
    ///
    /// # Safety
    /// The timer is in no wheel, and stays where it is until it has fired or is cancelled here.
    pub(crate) unsafe fn arm(&mut self, timer: &Timer, deadline: Instant) {
        timer.fired.set(false);
        timer.tick.set(self.tick_after(deadline).max(self.done + 1));
        self.armed += 1;
        // SAFETY: the caller's promise.
        unsafe { self.put(timer) };
    }

    /// # Safety
    /// As [`arm`](Self::arm).
    unsafe fn put(&mut self, timer: &Timer) {
        // The wheel is chosen by the highest bit in which the tick differs from now: below it, slots are told apart.
        let tick = timer.tick.get().min(self.done | TICKS_MAX).max(self.done + 1);
        let level = ((63 - (tick ^ self.done).leading_zeros()) / SLOT_BITS).min(LEVELS as u32 - 1);
        let slot = (tick >> (level * SLOT_BITS)) as usize % SLOTS;
        self.in_use[level as usize] |= 1 << slot;
        let index = level as usize * SLOTS + slot;
        timer.slot.set(index as u16);
        // SAFETY: the caller's promise.
        unsafe { self.slots[index].push_back(NonNull::from(timer)) };
    }

    /// Takes `timer` out, if it is armed.
    ///
    /// # Safety
    /// It is in this wheel or in none.
    pub(crate) unsafe fn cancel(&mut self, timer: &Timer) {
        let index = timer.slot.get() as usize;
        // SAFETY: invariant 1.
        if unsafe { self.slots[index].remove(NonNull::from(timer)) } {
            self.armed -= 1;
            if self.slots[index].is_empty() {
                self.in_use[index / SLOTS] &= !(1 << (index % SLOTS));
            }
        }
    }

    /// The first tick at which a slot comes up, and that slot.
    fn next_slot(&self) -> Option<(u64, usize)> {
        (0..LEVELS)
            .filter(|&level| self.in_use[level] != 0)
            .map(|level| {
                let shift = level as u32 * SLOT_BITS;
                let hand = self.done >> shift;
                // The nearest slot in use after the hand, going round.
                let behind = self.in_use[level].rotate_right((hand as u32 + 1) % SLOTS as u32);
                let slot_tick = hand + 1 + u64::from(behind.trailing_zeros());
                ((slot_tick << shift).max(self.done + 1), level * SLOTS + slot_tick as usize % SLOTS)
            })
            .min()
    }

    /// How long until there may be something to do; `None` if no timer is armed. Among many timers [`TOGETHER`] at least, so
    /// that several fire at one wake-up.
    pub(crate) fn next_wait(&self, now: Instant) -> Option<Duration> {
        let (tick, _) = self.next_slot()?;
        // The end of the tick: no timer fires early (invariant 2).
        let at = self.start + Duration::from_nanos((tick + 1) << TICK_BITS);
        let least = if self.armed < MANY { Duration::ZERO } else { TOGETHER };
        Some(at.saturating_duration_since(now).max(least))
    }

    /// Fires every timer whose deadline has passed: `fire` gets its task, with the timer out of the wheel.
    pub(crate) fn advance(&mut self, now: Instant, mut fire: impl FnMut(Task)) {
        let now_tick = self.tick_after(now);
        while let Some((tick, index)) = self.next_slot() {
            // Tick `t` is over once `now` lies in a later one.
            if tick >= now_tick {
                break;
            }
            self.done = tick;
            let mut due = std::mem::take(&mut self.slots[index]);
            self.in_use[index / SLOTS] &= !(1 << (index % SLOTS));
            while let Some(node) = due.pop_front() {
                // SAFETY: an armed timer lives (invariant 1), and it was just taken out of its list.
                let timer = unsafe { node.as_ref() };
                if timer.tick.get() <= tick {
                    self.armed -= 1;
                    timer.fired.set(true);
                    fire(timer.task);
                } else {
                    // SAFETY: in no list now; the promise of `arm` goes on.
                    unsafe { self.put(timer) };
                }
            }
        }
        if now_tick > 0 {
            self.done = self.done.max(now_tick - 1);
        }
    }
}
