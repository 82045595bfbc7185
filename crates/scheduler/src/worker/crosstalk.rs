//! What it costs that fibers of this worker and of another talk in small pieces.
//!
//! Knows nothing of what they say.
//!
//! Two workers do more than one, unless all that their fibers do is to talk with each other: then each word costs a wake-up from
//! worker to worker, or a wait for a channel's lock, and all of them are faster on one. Once started, a fiber stays. So whoever finds that
//! much of its time goes so keeps its fresh tasks to itself for a while: it calls nobody for them, sends fewer away, and takes none of others in a
//! hurry. What is held back becomes owed in 40 ms at the latest, by the monitor's tick. Measured, ns a message on
//! two workers and on one, with so much work for each message on both sides, bounded 256:
//!
//! | | none | 50 ns | 100 ns | 200 ns | 1 µs |
//! |---|---|---|---|---|---|
//! | 8 to 1 | 19, 10 | 380, 195 | 356, 348 | 417, 585 | 1,383, 2,209 |
//! | 8 to 8 | 26, 16 | 374, 199 | 336, 283 | 484, 541 | 1,241, 2,203 |
//!
//! It errs: 8 to 8 with 200 ns take 550 with it and 475 without, with 400 ns 677 to 867 and 616.

use sisal_base::sync::asymmetric::lock_waits_cost;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long talk is listened to before it is judged.
const INTERVAL: Duration = Duration::from_millis(1);
/// What a wake-up from worker to worker costs, be it of one fiber or of several, and the unit in which waits for locks are counted.
const COST: Duration = Duration::from_nanos(500);
/// It is too much from one part in so many of the time on. Measured: from a fifth on, 8 to 8 with 400 ns take 926; from a half on 648, but a
/// contended mutex is split between workers again, 70 ns a section instead of 23.
const TIME_BY_TALK: u32 = 3;
/// Ticks for which offers are held back then: 100 ms. So what is spawned in many short rounds comes to live on several workers in one of them
/// now and then, for a try.
const HELD_TICKS: u32 = 10;

/// What a worker has heard.
pub(super) struct Crosstalk {
    /// Times that a fiber of ours has woken one of another worker that had heard nothing new since it last looked.
    words: Cell<u32>,
    /// What had been counted when, the last time that it was judged.
    since: Cell<(u32, Instant)>,
    /// The tick up to which offers are held back.
    held_until: Cell<u32>,
}

impl Crosstalk {
    /// On the worker's own thread, at that tick.
    pub(super) fn new(now: Instant, tick: u32) -> Self {
        // The thread's waits may be those of an earlier one.
        Self { words: Cell::new(0), since: Cell::new((lock_waits_cost(), now)), held_until: Cell::new(tick) }
    }

    /// A fiber of ours has woken one of another worker.
    #[inline]
    pub(super) fn note_word(&self) {
        self.words.set(self.words.get().wrapping_add(1));
    }

    /// Holds offers back if it has become too much since it was last judged; `true` then.
    #[inline]
    pub(super) fn judge(&self, now: Instant, tick: u32) -> bool {
        let is_too_much = self.is_too_much(now);
        if is_too_much {
            self.held_until.set(tick.wrapping_add(HELD_TICKS));
        }
        is_too_much
    }

    /// Whether offers are held back. (Ticks wrap.)
    #[inline]
    pub(super) fn holds_back(&self, tick: u32) -> bool {
        self.held_until.get().wrapping_sub(tick).wrapping_sub(1) < HELD_TICKS
    }

    fn is_too_much(&self, now: Instant) -> bool {
        let (before, then) = self.since.get();
        let passed = now.saturating_duration_since(then);
        if passed < INTERVAL {
            return false;
        }
        let counted = self.words.get().wrapping_add(lock_waits_cost());
        self.since.set((counted, now));
        COST.saturating_mul(counted.wrapping_sub(before)) >= passed / TIME_BY_TALK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_a_microsecond_is_too_much_and_one_in_five_is_not() {
        let mut now = Instant::now();
        let crosstalk = Crosstalk::new(now, 7);
        for (words, expected) in [(1_000, true), (200, false), (1_000, true), (0, false)] {
            (0..words).for_each(|_| crosstalk.note_word());
            now += INTERVAL / 2;
            assert!(!crosstalk.judge(now, 7), "too early to say");
            now += INTERVAL / 2;
            assert_eq!(crosstalk.judge(now, 7), expected, "{words} words");
        }
    }

    #[test]
    fn offers_are_held_back_for_a_while_also_where_ticks_wrap() {
        let now = Instant::now();
        for tick in [0, 7, u32::MAX - 3] {
            let crosstalk = Crosstalk::new(now, tick);
            assert!(!crosstalk.holds_back(tick));
            (0..5_000).for_each(|_| crosstalk.note_word());
            assert!(crosstalk.judge(now + INTERVAL, tick));
            let held = (0..100).filter(|later| crosstalk.holds_back(tick.wrapping_add(*later)));
            assert_eq!(held.count(), HELD_TICKS as usize);
        }
    }
}
