//! When a worker looks around: at its timers, its sockets, the injector.
//!
//! Knows nothing of what is looked at.
//!
//! A look costs a system call, so it is worth one in many short turns; but 61 turns of a millisecond each are a long time for
//! who waits for a timer. No clock is read each turn: looks measure how many turns fit into [`SPACE`], and come as often. Where
//! turns become longer all of a sudden, the monitor's tick brings the next look. What is shorter than `SPACE` is no measure:
//! one short turn among long ones would put the next look far off.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The most turns between two looks; odd, so that it does not fall in step with users' rounds.
const TURNS_MAX: u32 = 61;
/// The time between two looks, if turns go on as they were.
const SPACE: Duration = Duration::from_micros(200);

/// A worker's last look, and its next.
pub(super) struct Looks {
    /// The turn of the next look.
    next: Cell<u32>,
    /// The turns between two looks.
    interval: Cell<u32>,
    /// Since when turns are counted for the next measure, turn and time.
    since: Cell<(u32, Instant)>,
}

impl Looks {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            next: Cell::new(1),
            // Until there is a measure, turns may be long.
            interval: Cell::new(1),
            since: Cell::new((0, now)),
        }
    }

    /// As it is after many short turns: a simulation's are of one length.
    pub(super) fn rare(now: Instant) -> Self {
        let looks = Self::new(now);
        looks.next.set(TURNS_MAX);
        looks.interval.set(TURNS_MAX);
        looks
    }

    /// Whether the worker looks in this turn.
    #[inline(always)]
    pub(super) fn is_due(&self, turn: u32) -> bool {
        // Turns wrap.
        turn.wrapping_sub(self.next.get()) as i32 >= 0
    }

    /// Counts a look, and sets the next.
    pub(super) fn came(&self, now: Instant, turn: u32) {
        let (first, start) = self.since.get();
        let passed = now.saturating_duration_since(start);
        if passed >= SPACE {
            self.since.set((turn, now));
            self.interval.set(turns_a_space(turn.wrapping_sub(first), passed));
        }
        self.next.set(turn.wrapping_add(self.interval.get()));
    }

    /// The worker has slept: that time was no turn's.
    pub(super) fn slept(&self, now: Instant, turn: u32) {
        self.since.set((turn, now));
    }
}

/// So many turns took `passed`: how many take [`SPACE`]?
fn turns_a_space(turns: u32, passed: Duration) -> u32 {
    let turns = u128::from(turns) * SPACE.as_nanos() / passed.as_nanos();
    turns.clamp(1, u128::from(TURNS_MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks each time it is due, while each turn takes `length`; the turns between the last two looks.
    fn settle(looks: &Looks, now: &mut Instant, turn: &mut u32, length: Duration) -> u32 {
        let (mut turns, mut last) = (0, *turn);
        for _ in 0..100_000 {
            *now += length;
            *turn = turn.wrapping_add(1);
            if looks.is_due(*turn) {
                turns = turn.wrapping_sub(std::mem::replace(&mut last, *turn));
                looks.came(*now, *turn);
            }
        }
        turns
    }

    #[test]
    fn short_turns_are_counted_and_long_ones_are_not() {
        // Turns wrap meanwhile.
        let (mut now, mut turn) = (Instant::now(), 0);
        let looks = Looks::new(now);
        looks.came(now, 0_u32.wrapping_sub(150_000));
        turn = u32::wrapping_sub(turn, 150_000);
        assert_eq!(settle(&looks, &mut now, &mut turn, Duration::from_nanos(10)), TURNS_MAX);
        assert_eq!(settle(&looks, &mut now, &mut turn, Duration::from_micros(10)), 20);
        assert_eq!(settle(&looks, &mut now, &mut turn, Duration::from_millis(1)), 1);
        assert_eq!(settle(&looks, &mut now, &mut turn, Duration::from_nanos(10)), TURNS_MAX);
    }

    #[test]
    fn one_short_turn_among_long_ones_changes_nothing() {
        let (mut now, mut turn) = (Instant::now(), 0);
        let looks = Looks::new(now);
        settle(&looks, &mut now, &mut turn, Duration::from_millis(1));
        looks.came(now + Duration::from_micros(1), turn + 1);
        assert!(looks.is_due(turn + 2));
    }
}
