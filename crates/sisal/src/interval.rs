//! Ticks at equal distances, and what becomes of those that nobody was there for.
//!
//! Knows nothing of timers: each tick is a sleep until its time.

use crate::time::{now, sleep_until};
use std::time::{Duration, Instant};

/// What an [`Interval`] does about ticks that were missed, because its user came back too late for them. Ticks each 10 ms,
/// and a user who stays away from 10 until 35, gets:
///
/// ```text
///  Burst   0   10 ................... 35,35,35, 40   50     the missed ones at once, then as planned
///  Delay   0   10 ................... 35   45   55          one at once, the others as long after it
///  Skip    0   10 ................... 35   40   50          one at once, then as planned
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTicks {
    /// All of them, one after the other, until the interval has caught up: so many ticks as there were periods.
    #[default]
    Burst,
    /// One of them; the next comes a whole period later, and all later ones are planned from there.
    Delay,
    /// One of them; the others are left out, and the next comes when it was planned.
    Skip,
}

/// Ticks at equal distances: made by [`interval`] and [`interval_at`].
#[derive(Clone, Debug)]
pub struct Interval {
    /// `None`: never, since no clock can show it.
    next: Option<Instant>,
    period: Duration,
    missed: MissedTicks,
}

/// Ticks each `period`, the first one now.
///
/// # Panics
/// If `period` is zero.
///
/// ```
/// use sisal::time;
/// use std::time::Duration;
///
/// let mut interval = time::interval(Duration::from_millis(2));
/// let first = interval.tick();
/// let third = [interval.tick(), interval.tick()][1];
/// assert_eq!(third - first, Duration::from_millis(4), "ticks do not drift");
/// ```
pub fn interval(period: Duration) -> Interval {
    interval_at(now(), period)
}

/// Ticks each `period`, the first one at `start`.
///
/// # Panics
/// If `period` is zero.
///
/// ```
/// use sisal::time;
/// use std::time::Duration;
///
/// let start = time::now() + Duration::from_millis(3);
/// assert_eq!(time::interval_at(start, Duration::from_secs(1)).tick(), start);
/// ```
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "the period of an interval must not be zero");
    Interval { next: Some(start), period, missed: MissedTicks::default() }
}

impl Interval {
    /// Waits for the next tick, and gives the time for which it was planned; returns at once if that has passed. If the
    /// fiber is cancelled, one call returns early, as [`sleep`](crate::time::sleep) does, and its tick is used up.
    pub fn tick(&mut self) -> Instant {
        let Some(planned) = self.next else {
            crate::sleep(Duration::MAX);
            return now();
        };
        sleep_until(planned);
        let now = now();
        self.next = self.after(planned, now);
        planned
    }

    /// When the tick after `planned` comes, which `now` is not too late for.
    fn after(&self, planned: Instant, now: Instant) -> Option<Instant> {
        let next = planned.checked_add(self.period)?;
        if next > now {
            return Some(next);
        }
        match self.missed {
            MissedTicks::Burst => Some(next),
            MissedTicks::Delay => now.checked_add(self.period),
            MissedTicks::Skip => {
                let into = now.duration_since(planned).as_nanos() % self.period.as_nanos();
                // Less than a period, of which `now` has shown that it fits into a clock.
                let into = Duration::new((into / 1_000_000_000) as u64, (into % 1_000_000_000) as u32);
                now.checked_add(self.period - into)
            }
        }
    }

    /// Begins anew: the next tick comes a period from now.
    ///
    /// ```
    /// use sisal::time;
    /// use std::time::Duration;
    ///
    /// let mut interval = time::interval(Duration::from_millis(1));
    /// interval.reset();
    /// let before = time::now();
    /// assert!(interval.tick() + Duration::from_millis(1) > before);
    /// ```
    pub fn reset(&mut self) {
        self.next = now().checked_add(self.period);
    }

    /// The distance of two ticks.
    pub fn period(&self) -> Duration {
        self.period
    }

    /// What becomes of ticks that were missed; [`MissedTicks::Burst`] in the beginning.
    pub fn missed_ticks(&self) -> MissedTicks {
        self.missed
    }

    /// Sets what becomes of ticks that were missed.
    ///
    /// ```
    /// use sisal::time::{self, MissedTicks};
    /// use std::time::Duration;
    ///
    /// let mut interval = time::interval(Duration::from_millis(10));
    /// interval.set_missed_ticks(MissedTicks::Skip);
    /// ```
    pub fn set_missed_ticks(&mut self, missed: MissedTicks) {
        self.missed = missed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(10);

    fn ms(start: Instant, next: Option<Instant>) -> u128 {
        next.unwrap().duration_since(start).as_millis()
    }

    /// The picture at [`MissedTicks`]: planned for 10, looked at at `now`.
    #[test]
    fn who_comes_late_gets_what_was_chosen() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut interval = interval_at(start, PERIOD);
        for (missed, now, next) in [
            (MissedTicks::Burst, 12, 20),
            (MissedTicks::Delay, 12, 20),
            (MissedTicks::Skip, 12, 20),
            (MissedTicks::Burst, 35, 20),
            (MissedTicks::Delay, 35, 45),
            (MissedTicks::Skip, 35, 40),
            (MissedTicks::Skip, 30, 40),
            (MissedTicks::Skip, 29, 30),
        ] {
            interval.set_missed_ticks(missed);
            assert_eq!(ms(start, interval.after(at(10), at(now))), next, "{missed:?} at {now}");
        }
    }

    #[test]
    fn a_period_of_a_nanosecond_and_one_for_ever() {
        let start = Instant::now();
        let mut interval = interval_at(start, Duration::from_nanos(1));
        interval.set_missed_ticks(MissedTicks::Skip);
        let now = start + Duration::from_secs(1);
        assert_eq!(interval.after(start, now), Some(now + Duration::from_nanos(1)));
        let endless = interval_at(start, Duration::MAX);
        assert_eq!(endless.after(start, start), None);
    }
}
