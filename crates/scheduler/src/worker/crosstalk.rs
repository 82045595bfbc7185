//! What it costs that fibers of this worker and of another talk in small pieces.
//!
//! Knows nothing of what they say.
//!
//! Two workers do more than one, unless all that their fibers do is to talk with each other: then each word costs a wake-up from
//! worker to worker, or a wait for a channel's lock, and all of them are faster on one. Once started, a fiber stays. So whoever finds that
//! much of its time goes so has fresh tasks left where they are for a while ([`WakeLimit`](crate::crew::WakeLimit)). Measured, ns a message on
//! two workers and on one, with so much work for each message on both sides, bounded 256:
//!
//! | | none | 50 ns | 100 ns | 200 ns | 1 µs |
//! |---|---|---|---|---|---|
//! | 8 to 1 | 19, 10 | 380, 195 | 356, 348 | 417, 585 | 1,383, 2,209 |
//! | 8 to 8 | 26, 16 | 374, 199 | 336, 283 | 484, 541 | 1,241, 2,203 |

use sisal_base::sync::asymmetric::waits;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long talk is listened to before it is judged.
const INTERVAL: Duration = Duration::from_micros(200);
/// What it costs to be woken for by another worker, be it for one fiber or many, and the unit in which waits for locks are counted.
const COST: Duration = Duration::from_nanos(500);
/// The share of the time from which on it is too much: in the table, those with 50 ns of work and less.
const SHARE: u32 = 5;

/// What a worker has heard.
pub(super) struct Crosstalk {
    /// Times that the inbox had something.
    arrivals: Cell<u32>,
    /// What had been counted when, the last time that it was judged.
    since: Cell<(u32, Instant)>,
}

impl Crosstalk {
    pub(super) fn new(now: Instant) -> Self {
        Self { arrivals: Cell::new(0), since: Cell::new((0, now)) }
    }

    /// Other workers have woken fibers of ours.
    #[inline]
    pub(super) fn note_arrival(&self) {
        self.arrivals.set(self.arrivals.get().wrapping_add(1));
    }

    /// Whether it has become too much since this was last found out.
    #[inline]
    pub(super) fn is_too_much(&self, now: Instant) -> bool {
        let (before, then) = self.since.get();
        let passed = now.saturating_duration_since(then);
        if passed < INTERVAL {
            return false;
        }
        let counted = self.arrivals.get().wrapping_add(waits());
        self.since.set((counted, now));
        COST * counted.wrapping_sub(before) * SHARE >= passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_a_microsecond_is_too_much_and_one_in_five_is_not() {
        let mut now = Instant::now();
        let crosstalk = Crosstalk::new(now);
        for (words, expected) in [(200, true), (40, false), (200, true), (0, false)] {
            (0..words).for_each(|_| crosstalk.note_arrival());
            now += INTERVAL / 2;
            assert!(!crosstalk.is_too_much(now), "too early to say");
            now += INTERVAL / 2;
            assert_eq!(crosstalk.is_too_much(now), expected, "{words} words");
        }
    }
}
