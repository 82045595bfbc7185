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
//! A slot's timers are a ring of entries in one vector, by index. An entry knows its tick, so that what only moves from wheel to
//! wheel touches no timer: those lie on the stacks of their fibers, one page each, which no processor has in its cache. (With
//! rings of timers, the wheel took a third of the CPU time of 20,000 sleepers.)
//!
//! ```text
//!  entries  │ slot 0 │ slot 1 │ … │ slot 447 │ entry │ entry │ free │ …
//!               ▲                                │  ▲
//!               └────────────────────────────────┘  └── Timer::entry
//! ```
//!
//! Invariants:
//! 1. A timer that is armed has one entry, in the ring of exactly one slot of the wheel of the worker that armed it.
//! 2. No timer fires early: it fires in the turn after the tick in which its deadline lies.

use crate::task::{Header, Task};
use sisal_base::prefetch;
use std::cell::Cell;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

const TICK_BITS: u32 = 14;
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS: usize = 7;
/// With so many timers armed, a sleep is worth some lateness.
const MANY: usize = 256;
/// What a worker sleeps among many timers. Measured with 20,000 sleepers on two workers: 150 µs take 301 ms of CPU time, a quarter of that
/// for wake-ups, at a 99th percentile of 250 µs; 250 µs take 254 ms at 310 µs, 350 µs 237 ms at 430 µs, 700 µs 208 ms at 770 µs.
const TOGETHER: Duration = Duration::from_micros(250);
/// How long after its deadline a timer fires at most, if the worker has nothing else to do.
pub(crate) const LATENESS_MAX: Duration = TOGETHER.saturating_add(Duration::from_nanos(1 << TICK_BITS));
/// The farthest tick that the wheels can tell apart.
const TICKS_MAX: u64 = (1 << (SLOT_BITS * LEVELS as u32)) - 1;

/// No entry.
const NONE: u32 = u32::MAX;

/// One fiber's timer, in its record.
pub(crate) struct Timer {
    task: Task,
    tick: Cell<u64>,
    entry: Cell<u32>,
    fired: Cell<bool>,
}

impl Timer {
    pub(crate) fn new(task: Task) -> Self {
        Self { task, tick: Cell::new(0), entry: Cell::new(NONE), fired: Cell::new(false) }
    }

    /// Whether it stands in a wheel.
    #[inline]
    pub(crate) fn is_armed(&self) -> bool {
        self.entry.get() != NONE
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

/// What a wheel knows of a timer; or the head of a slot's ring, or a free entry, whose `behind` is the next free one.
#[derive(Clone, Copy)]
struct Entry {
    tick: u64,
    timer: NonNull<Timer>,
    before: u32,
    behind: u32,
}

/// A worker's wheels.
pub(crate) struct Wheel {
    start: Instant,
    /// Every tick up to and with this one is done.
    done: u64,
    armed: usize,
    in_use: [u64; LEVELS],
    /// First the heads of all slots, then timers' entries.
    entries: Vec<Entry>,
    free: u32,
    /// The timers that fire now; kept for its memory.
    due: Vec<NonNull<Timer>>,
}

impl Wheel {
    pub(crate) fn new(start: Instant) -> Self {
        let head = |slot| Entry { tick: 0, timer: NonNull::dangling(), before: slot, behind: slot };
        let entries = (0..(LEVELS * SLOTS) as u32).map(head).collect();
        Self { start, done: 0, armed: 0, in_use: [0; LEVELS], entries, free: NONE, due: Vec::new() }
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
        let tick = self.tick_after(deadline).max(self.done + 1);
        let entry = Entry { tick, timer: NonNull::from(timer), before: NONE, behind: NONE };
        let index = self.free;
        let index = if index == NONE {
            self.entries.push(entry);
            u32::try_from(self.entries.len() - 1).expect("fewer timers than 2^32")
        } else {
            self.free = self.entries[index as usize].behind;
            self.entries[index as usize] = entry;
            index
        };
        timer.fired.set(false);
        timer.tick.set(tick);
        timer.entry.set(index);
        self.armed += 1;
        self.put(index);
    }

    /// Enters an entry that is in no ring where its tick says.
    fn put(&mut self, index: u32) {
        // The wheel is chosen by the highest bit in which the tick differs from now: below it, slots are told apart.
        let tick = self.entries[index as usize].tick.min(self.done | TICKS_MAX).max(self.done + 1);
        let level = ((63 - (tick ^ self.done).leading_zeros()) / SLOT_BITS).min(LEVELS as u32 - 1);
        let slot = (tick >> (level * SLOT_BITS)) as usize % SLOTS;
        self.in_use[level as usize] |= 1 << slot;
        let head = level as usize * SLOTS + slot;
        let last = std::mem::replace(&mut self.entries[head].before, index);
        self.entries[last as usize].behind = index;
        let entry = &mut self.entries[index as usize];
        (entry.before, entry.behind) = (last, head as u32);
    }

    /// Takes `timer` out, if it is armed.
    ///
    /// # Safety
    /// It is in this wheel or in none.
    pub(crate) unsafe fn cancel(&mut self, timer: &Timer) {
        let index = timer.entry.replace(NONE);
        if index == NONE {
            return;
        }
        self.armed -= 1;
        let Entry { before, behind, .. } = self.entries[index as usize];
        self.entries[before as usize].behind = behind;
        self.entries[behind as usize].before = before;
        if before == behind {
            // Two are in a ring of two: this one, and its head.
            self.rest(before as usize);
        }
        self.release(index);
    }

    /// Notes that a slot has no timers.
    fn rest(&mut self, head: usize) {
        self.in_use[head / SLOTS] &= !(1 << (head % SLOTS));
    }

    fn release(&mut self, index: u32) {
        self.entries[index as usize].behind = std::mem::replace(&mut self.free, index);
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
        self.collect(self.tick_after(now));
        // Each of these is on another fiber's stack, and was asked for while the others were found; so are their tasks next.
        for timer in self.due.drain(..) {
            // SAFETY: it was armed until `collect` took its entry, so it lives (invariant 1).
            let timer = unsafe { timer.as_ref() };
            timer.entry.set(NONE);
            timer.fired.set(true);
            prefetch::lines(timer.task.as_ptr().addr().get(), size_of::<Header>());
            fire(timer.task);
        }
    }

    /// Takes the entries of all timers whose tick is before `now_tick`, and makes way for those behind them.
    fn collect(&mut self, now_tick: u64) {
        while let Some((tick, head)) = self.next_slot() {
            // Tick `t` is over once `now` lies in a later one.
            if tick >= now_tick {
                break;
            }
            self.done = tick;
            self.rest(head);
            let mut index = self.entries[head].behind;
            (self.entries[head].before, self.entries[head].behind) = (head as u32, head as u32);
            // The last of what was the ring still leads to the head.
            while index as usize != head {
                let Entry { tick: due, timer, behind, .. } = self.entries[index as usize];
                if due <= tick {
                    self.armed -= 1;
                    prefetch::lines(timer.addr().get(), size_of::<Timer>());
                    self.due.push(timer);
                    self.release(index);
                } else {
                    self.put(index);
                }
                index = behind;
            }
        }
        if now_tick > 0 {
            self.done = self.done.max(now_tick - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Timers that nobody waits for.
    fn timers(count: usize) -> Vec<Timer> {
        // SAFETY: nobody looks at the task.
        (0..count).map(|_| Timer::new(unsafe { Task::from_raw(NonNull::dangling()) })).collect()
    }

    fn fire(wheel: &mut Wheel, now: Instant) -> usize {
        let mut count = 0;
        wheel.advance(now, |_| count += 1);
        count
    }

    /// Delays from nothing to a minute, in no order.
    fn delay(index: usize) -> Duration {
        Duration::from_micros((index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % 60_000_000)
    }

    #[test]
    fn each_fires_once_and_none_early() {
        let start = Instant::now();
        let (mut wheel, timers) = (Wheel::new(start), timers(10_000));
        for (index, timer) in timers.iter().enumerate() {
            // SAFETY: in no wheel, and they outlive this one.
            unsafe { wheel.arm(timer, start + delay(index)) };
        }
        let mut fired = 0;
        for ms in (0..61_000).step_by(37) {
            let now = Duration::from_millis(ms);
            fired += fire(&mut wheel, start + now);
            for (index, timer) in timers.iter().enumerate().step_by(97) {
                assert_ne!(timer.has_fired(), timer.is_armed());
                assert!(!timer.has_fired() || delay(index) <= now, "early: {:?} at {now:?}", delay(index));
                let late = delay(index) + Duration::from_micros(33);
                assert!(timer.has_fired() || late > now, "late: {:?} at {now:?}", delay(index));
            }
        }
        assert_eq!((fired, wheel.is_empty()), (10_000, true));
        assert_eq!(wheel.in_use, [0; LEVELS]);
    }

    #[test]
    fn the_cancelled_do_not_fire_and_leave_their_room() {
        let start = Instant::now();
        let (mut wheel, timers) = (Wheel::new(start), timers(1_000));
        for round in 0..10 {
            let now = start + Duration::from_secs(round * 100);
            for (index, timer) in timers.iter().enumerate() {
                // SAFETY: in no wheel, and they outlive this one.
                unsafe { wheel.arm(timer, now + delay(index)) };
            }
            for timer in timers.iter().step_by(2) {
                // SAFETY: in this wheel; then in none.
                unsafe {
                    wheel.cancel(timer);
                    wheel.cancel(timer);
                }
            }
            assert_eq!(fire(&mut wheel, now + Duration::from_secs(61)), 500);
            assert!(timers.iter().step_by(2).all(|timer| !timer.has_fired() && !timer.is_armed()));
        }
        assert_eq!(wheel.entries.len(), LEVELS * SLOTS + 1_000);
        assert_eq!((wheel.next_slot(), wheel.in_use), (None, [0; LEVELS]));
    }
}
