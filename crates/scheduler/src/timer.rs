//! Each worker's timers: a hierarchical wheel with one owner.
//!
//! Knows nothing of who waits and why; what was given with a deadline is given back when that has passed.
//!
//! G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels" (1987), scheme 7. Seven wheels of 128 slots; a slot of
//! wheel `n` is `64^n` ticks of 2^14 ns (16.4 µs) wide, so the first wheel reaches 2 ms, the last 4 years; later deadlines
//! stand in the last slot and are sorted in again when it comes up. Each wheel has a bitmap of the slots in use, so
//! that the next one to look at is found without walking.
//!
//! ```text
//!  wheel 0  │ 16 µs │ 16 µs │ …                      a timer moves down one wheel or more
//!  wheel 1  │   1 ms   │   1 ms   │ …        ▲       before the slot in which it stands comes up
//!  wheel 2  │     67 ms     │     67 ms     │ …
//! ```
//!
//! A wheel reaches over two slots of the one above, so there is room in it for the whole of that one's next slot while the last is still
//! under way: that slot is sorted in by and by, as time passes, and not all at once when it comes up. (Thousands at once, once in 67 ms,
//! were the latest percent of 20,000 sleepers: 1.2 ms instead of 0.3.)
//!
//! A slot's timers are entries side by side, since no processor has those of many timers in its cache: one after the other, memory comes
//! by itself. (As rings in one vector, the entries of 20,000 sleepers took a tenth of the CPU time; as rings of timers, which lie on
//! the stacks of their fibers, a third.) So entries move, and each has a number by which its place is found, to be cancelled.
//!
//! ```text
//!  slots   │ 0: entry, entry, … │ 1: │ 2: entry, … │ … │ 447:
//!                         ▲
//!  places  │ 0 │ 1 │ 2 │ … │ n │      n is what the timer has kept
//! ```
//!
//! Invariants:
//! 1. A timer that is armed has one number, and one entry, at the number's place; each has its own.
//! 2. No timer fires early: it fires in the turn after the tick in which its deadline lies.
//! 3. A slot in use is 1 to 128 slots of its wheel after the one in which `done` lies; so its index says which it is.

use std::cell::Cell;
use std::cmp::Reverse;
use std::mem;
use std::time::{Duration, Instant};

const TICK_BITS: u32 = 14;
/// A slot is as wide as so many bits of the wheel below.
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 2 << SLOT_BITS;
const LEVELS: usize = 7;
/// With so many timers armed, a sleep is worth some lateness.
const MANY: usize = 256;
/// What a worker sleeps at least among many timers, if nobody says. Measured with 20,000 sleepers on two workers, ms of CPU time and µs of the 99th percentile: 60 µs
/// take 496 at 162, 100 µs 393 at 202, 150 µs 319 at 254, 250 µs 270 at 348. Up to 150 the product of the two is the same, from 200 on a
/// fifth more.
const TOGETHER: Duration = Duration::from_micros(100);
/// How long after its deadline a timer fires at most, if the worker has nothing else to do and nobody has said how long it sleeps at least.
pub(crate) const LATENESS_MAX: Duration = TOGETHER.saturating_add(Duration::from_nanos(1 << TICK_BITS));
/// Entries for which a slot keeps its memory when it is empty: 1.8 MB for all of them.
const ENTRIES_KEPT: usize = 64;
/// How many ticks ahead the wheels can tell apart.
const TICKS_AHEAD: u64 = 2 << (SLOT_BITS * LEVELS as u32);
/// In 584 years.
const TICK_MAX: u64 = u64::MAX >> TICK_BITS;

/// No number, and no place.
const NONE: u32 = u32::MAX;

/// What who waits keeps of its timer.
pub(crate) struct Timer {
    tick: Cell<u64>,
    number: Cell<u32>,
}

impl Timer {
    pub(crate) const fn new() -> Self {
        Self { tick: Cell::new(0), number: Cell::new(NONE) }
    }

    /// When it fires, once it is armed in a wheel that began at `start`: its deadline, to some 16 µs.
    pub(crate) fn due(&self, start: Instant) -> Instant {
        start + Duration::from_nanos(self.tick.get() << TICK_BITS)
    }
}

/// What a wheel gives back.
#[derive(Clone, Copy)]
pub(crate) struct Due<T> {
    tick: u64,
    pub(crate) what: T,
}

impl<T> Due<T> {
    /// Whether the two fire together: which is first, nothing says.
    pub(crate) fn is_due_with(&self, other: &Self) -> bool {
        self.tick == other.tick
    }
}

/// What a wheel knows of a timer.
#[derive(Clone, Copy)]
struct Entry<T> {
    tick: u64,
    what: T,
    number: u32,
}

/// Where the entry of a number stands; or the next free number, with no slot.
#[derive(Clone, Copy)]
struct Place {
    slot: u32,
    index: u32,
}

/// A worker's wheels.
pub(crate) struct Wheel<T> {
    start: Instant,
    /// Every tick up to and with this one is done.
    done: u64,
    armed: usize,
    in_use: [u128; LEVELS],
    slots: Box<[Vec<Entry<T>>]>,
    places: Vec<Place>,
    /// The first free number.
    free: u32,
    /// What the worker sleeps at least, if that was said.
    slack: Option<Duration>,
}

impl<T: Copy> Wheel<T> {
    pub(crate) fn new(start: Instant, slack: Option<Duration>) -> Self {
        let slots = (0..LEVELS * SLOTS).map(|_| Vec::new()).collect();
        Self { start, done: 0, armed: 0, in_use: [0; LEVELS], slots, places: Vec::new(), free: NONE, slack }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.armed == 0
    }

    /// The tick after which `deadline` has surely passed.
    fn tick_after(&self, deadline: Instant) -> u64 {
        let ns = deadline.saturating_duration_since(self.start).as_nanos();
        u64::try_from(ns >> TICK_BITS).unwrap_or(u64::MAX).min(TICK_MAX)
    }

    /// Arms `timer`, which is in no wheel: `what` comes back at or after `deadline`.
    pub(crate) fn arm(&mut self, timer: &Timer, what: T, deadline: Instant) {
        let tick = self.tick_after(deadline).max(self.done + 1);
        let number = self.take_number();
        timer.tick.set(tick);
        timer.number.set(number);
        self.armed += 1;
        self.put(Entry { tick, what, number });
    }

    fn take_number(&mut self) -> u32 {
        let number = self.free;
        if number == NONE {
            self.places.push(Place { slot: NONE, index: NONE });
            return u32::try_from(self.places.len() - 1).expect("fewer timers than 2^32");
        }
        self.free = self.places[number as usize].index;
        number
    }

    fn give_number(&mut self, number: u32) {
        self.places[number as usize] = Place { slot: NONE, index: mem::replace(&mut self.free, number) };
    }

    /// Enters an entry where its tick says: in the lowest wheel that surely reaches it.
    #[inline(always)]
    fn put(&mut self, entry: Entry<T>) {
        let ahead = (entry.tick - self.done - 1).min(TICKS_AHEAD - 1);
        let level = (ahead / 2).checked_ilog2().unwrap_or(0) / SLOT_BITS;
        let slot_of_level = ((self.done + 1 + ahead) >> (level * SLOT_BITS)) as usize % SLOTS;
        self.in_use[level as usize] |= 1 << slot_of_level;
        let slot = level as usize * SLOTS + slot_of_level;
        let entries = &mut self.slots[slot];
        self.places[entry.number as usize] = Place { slot: slot as u32, index: entries.len() as u32 };
        entries.push(entry);
    }

    /// Takes `timer` out.
    ///
    /// # Panics
    /// Maybe, if it is not armed here.
    pub(crate) fn cancel(&mut self, timer: &Timer) {
        let number = timer.number.replace(NONE);
        let Place { slot, index } = self.places[number as usize];
        let entries = &mut self.slots[slot as usize];
        let entry = entries.swap_remove(index as usize);
        debug_assert_eq!(entry.number, number, "a timer is cancelled once, where it was armed");
        match entries.get(index as usize) {
            Some(moved) => self.places[moved.number as usize].index = index,
            None if entries.is_empty() => self.rest(slot as usize),
            None => {}
        }
        self.armed -= 1;
        self.give_number(number);
    }

    /// Notes that a slot has no timers.
    fn rest(&mut self, slot: usize) {
        self.in_use[slot / SLOTS] &= !(1 << (slot % SLOTS));
    }

    /// The first tick at which a slot comes up, and that slot. Of those that come up together the one of the highest wheel, whose
    /// entries may belong to the others.
    fn next_slot(&self) -> Option<(u64, usize)> {
        (0..LEVELS)
            .filter(|&level| self.in_use[level] != 0)
            .map(|level| {
                let shift = level as u32 * SLOT_BITS;
                let hand = self.done >> shift;
                // The nearest slot in use after the hand, going round.
                let behind = self.in_use[level].rotate_right((hand as u32 + 1) % SLOTS as u32);
                let slot_tick = hand + 1 + u64::from(behind.trailing_zeros());
                (slot_tick << shift, level * SLOTS + slot_tick as usize % SLOTS)
            })
            .min_by_key(|&(tick, slot)| (tick, Reverse(slot)))
    }

    /// How long until there may be something to do; `None` if no timer is armed. The slack at least, so that several fire at one wake-up:
    /// if none was said, [`TOGETHER`] among many timers.
    pub(crate) fn next_wait(&self, now: Instant) -> Option<Duration> {
        let (tick, _) = self.next_slot()?;
        // The end of the tick: no timer fires early (invariant 2).
        let at = self.start + Duration::from_nanos((tick + 1) << TICK_BITS);
        let usual = if self.armed < MANY { Duration::ZERO } else { TOGETHER };
        Some(at.saturating_duration_since(now).max(self.slack.unwrap_or(usual)))
    }

    /// Takes out every timer whose deadline has passed, for `due`, in the order of their ticks.
    pub(crate) fn advance(&mut self, now: Instant, due: &mut Vec<Due<T>>) {
        let (before, now_tick) = (self.done, self.tick_after(now));
        while let Some((tick, slot)) = self.next_slot() {
            // Tick `t` is over once `now` lies in a later one.
            if tick >= now_tick {
                break;
            }
            self.done = tick - 1;
            if slot < SLOTS {
                self.done = tick;
                self.fire(slot, due);
            } else {
                self.sort_in(slot, usize::MAX);
            }
        }
        self.done = self.done.max(now_tick.saturating_sub(1));
        self.sort_ahead(self.done - before);
    }

    /// Takes out all entries of a slot of the first wheel.
    fn fire(&mut self, slot: usize, due: &mut Vec<Due<T>>) {
        self.rest(slot);
        let mut entries = mem::take(&mut self.slots[slot]);
        self.armed -= entries.len();
        for Entry { tick, what, number } in entries.drain(..) {
            due.push(Due { tick, what });
            self.give_number(number);
        }
        self.keep(slot, entries);
    }

    /// Moves the last `count` entries of a slot down.
    fn sort_in(&mut self, slot: usize, count: usize) {
        let mut entries = mem::take(&mut self.slots[slot]);
        let rest = entries.len().saturating_sub(count);
        entries.drain(rest..).for_each(|entry| self.put(entry));
        if entries.is_empty() {
            self.rest(slot);
        }
        self.keep(slot, entries);
    }

    /// Gives a slot its entries back, or their memory. Nothing has come into it meanwhile.
    fn keep(&mut self, slot: usize, entries: Vec<Entry<T>>) {
        debug_assert!(self.slots[slot].is_empty(), "entries move to lower wheels, or far away");
        if !entries.is_empty() || entries.capacity() <= ENTRIES_KEPT {
            self.slots[slot] = entries;
        }
    }

    /// Of each wheel's next slot, moves such a share down as `passed` is of the time that was left.
    fn sort_ahead(&mut self, passed: u64) {
        if passed == 0 {
            return;
        }
        for level in 1..LEVELS {
            let shift = level as u32 * SLOT_BITS;
            let next = (self.done >> shift) + 1;
            let slot_of_level = next as usize % SLOTS;
            if self.in_use[level] >> slot_of_level & 1 != 0 {
                let slot = level * SLOTS + slot_of_level;
                let left = (next << shift) - self.done;
                let share = (self.slots[slot].len() as u64).saturating_mul(passed).div_ceil(passed + left);
                self.sort_in(slot, share as usize);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timers(count: usize) -> Vec<Timer> {
        (0..count).map(|_| Timer::new()).collect()
    }

    /// Those that have fired by `now`.
    fn fire(wheel: &mut Wheel<usize>, now: Instant) -> Vec<usize> {
        let mut due = Vec::new();
        wheel.advance(now, &mut due);
        assert!(due.is_sorted_by_key(|due| due.tick), "in the order of their ticks");
        due.iter().map(|due| due.what).collect()
    }

    /// Delays from nothing to a minute, in no order.
    fn delay(index: usize) -> Duration {
        Duration::from_micros((index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % 60_000_000)
    }

    #[test]
    fn each_fires_once_and_none_early() {
        let start = Instant::now();
        let (mut wheel, timers) = (Wheel::new(start, None), timers(10_000));
        for (index, timer) in timers.iter().enumerate() {
            wheel.arm(timer, index, start + delay(index));
        }
        let mut fired = vec![false; timers.len()];
        for ms in (0..61_000).step_by(37) {
            let now = Duration::from_millis(ms);
            for index in fire(&mut wheel, start + now) {
                assert!(!mem::replace(&mut fired[index], true), "{index} has fired twice");
                assert!(delay(index) <= now, "early: {:?} at {now:?}", delay(index));
            }
            for index in (0..timers.len()).step_by(97) {
                let late = delay(index) + Duration::from_micros(33);
                assert!(fired[index] || late > now, "late: {:?} at {now:?}", delay(index));
            }
        }
        assert_eq!((fired.iter().all(|fired| *fired), wheel.is_empty()), (true, true));
        assert_eq!(wheel.in_use, [0; LEVELS]);
    }

    #[test]
    fn the_cancelled_do_not_fire_and_leave_their_room() {
        let start = Instant::now();
        let (mut wheel, timers) = (Wheel::new(start, None), timers(1_000));
        for round in 0..10 {
            let now = start + Duration::from_secs(round * 100);
            for (index, timer) in timers.iter().enumerate() {
                wheel.arm(timer, index, now + delay(index));
            }
            // Some before any has moved to another slot, and some after that.
            timers.iter().step_by(4).for_each(|timer| wheel.cancel(timer));
            let mut fired = fire(&mut wheel, now + Duration::from_millis(1_500));
            let late = |index: &usize| delay(*index) > Duration::from_secs(2);
            let moved: Vec<usize> = (2..1_000).step_by(4).filter(late).collect();
            moved.iter().for_each(|index| wheel.cancel(&timers[*index]));
            fired.extend(fire(&mut wheel, now + Duration::from_secs(61)));
            fired.sort_unstable();
            let expected = (0..1_000).filter(|index| index % 4 != 0 && !moved.contains(index));
            assert!(expected.eq(fired), "all but the cancelled");
        }
        assert_eq!((wheel.places.len(), wheel.armed), (1_000, 0));
        assert_eq!((wheel.next_slot(), wheel.in_use), (None, [0; LEVELS]));
    }

    #[test]
    fn a_crowd_far_away_is_sorted_in_by_and_by() {
        let start = Instant::now();
        let (mut wheel, timers) = (Wheel::new(start, None), timers(1_000));
        for (index, timer) in timers.iter().enumerate() {
            wheel.arm(timer, index, start + Duration::from_secs(10) + delay(index) / 60);
        }
        let slots = |wheel: &Wheel<usize>| wheel.places.iter().map(|place| place.slot).collect::<Vec<_>>();
        let (mut before, mut moves_max, mut fired) = (slots(&wheel), 0, 0);
        for ms in 0..11_001 {
            fired += fire(&mut wheel, start + Duration::from_millis(ms)).len();
            let after = slots(&wheel);
            let moves =
                before.iter().zip(&after).filter(|(before, after)| before != after && **after != NONE);
            moves_max = moves.count().max(moves_max);
            before = after;
        }
        // Slot by slot it were all of them, then 67 at once.
        assert_eq!((fired, moves_max < 15), (1_000, true), "{moves_max} at once");
    }

    #[test]
    fn the_farthest_wait_and_do_not_fire() {
        let start = Instant::now();
        let (mut wheel, timers) = (Wheel::new(start, None), timers(2));
        let year = Duration::from_secs(365 * 86_400);
        wheel.arm(&timers[0], 0, start + 20 * year);
        wheel.arm(&timers[1], 1, start + 100 * year);
        for years in 0..20 {
            assert_eq!(fire(&mut wheel, start + years * year), []);
        }
        assert_eq!(fire(&mut wheel, start + 21 * year), [0]);
        wheel.cancel(&timers[1]);
        assert_eq!((wheel.next_slot(), wheel.in_use), (None, [0; LEVELS]));
    }

    #[test]
    fn a_sleep_is_worth_some_lateness_among_many_or_where_that_was_said() {
        let start = Instant::now();
        let (ms, tick) = (Duration::from_millis(1), Duration::from_nanos(1 << TICK_BITS));
        let waits = |slack, count| {
            let (mut wheel, timers) = (Wheel::new(start, slack), timers(count));
            timers.iter().for_each(|timer| wheel.arm(timer, 0, start));
            let soon = wheel.next_wait(start).unwrap();
            timers.iter().for_each(|timer| wheel.cancel(timer));
            assert_eq!(wheel.next_wait(start), None);
            wheel.arm(&timers[0], 0, start + 50 * ms);
            let late = wheel.next_wait(start).unwrap().saturating_sub(50 * ms);
            assert!(late <= tick, "who sleeps for longer is on time: {late:?}");
            soon
        };
        for (slack, few, many) in
            [(None, 2 * tick, TOGETHER), (Some(ms), ms, ms), (Some(Duration::ZERO), 2 * tick, 2 * tick)]
        {
            assert_eq!((waits(slack, 1), waits(slack, MANY)), (few, many), "{slack:?}");
        }
    }

    #[test]
    fn a_crowd_of_one_moment_leaves_no_memory_behind() {
        let start = Instant::now();
        let (mut wheel, timers) = (Wheel::new(start, None), timers(10_000));
        for second in 1..10 {
            let deadline = start + Duration::from_secs(second);
            timers.iter().for_each(|timer| wheel.arm(timer, 0, deadline));
            assert_eq!(fire(&mut wheel, deadline + Duration::from_millis(1)).len(), timers.len());
        }
        assert!(wheel.slots.iter().all(|slot| slot.capacity() <= ENTRIES_KEPT));
    }
}
