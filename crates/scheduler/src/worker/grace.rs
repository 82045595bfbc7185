//! The last fresh task, or the other half of a few ([`fresh`](super::fresh)), is left for a while to another worker that is on its way, as
//! long as started fibers are ready here.
//!
//! Knows nothing of queues, nor of who is on the way.
//!
//! Once started, a fiber stays. Were a fresh task started as soon as a fiber here yields, two that live long would share this
//! worker for good beside one that has just been woken for the second: that takes it some 15 µs, and a yield 10 ns. If
//! nothing else is ready here, the last one is started at once, as in a tree of fibers of which each waits for the next.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long, if nobody comes for it, from one look around to another: three or four times what somebody who was asleep needs.
const GRACE: Duration = Duration::from_micros(60);

/// Whether fresh tasks are left to others.
pub(super) struct Grace(Cell<State>);

#[derive(Clone, Copy)]
enum State {
    Off,
    /// Since no look has come yet. (No clock is read for a spawn.)
    New,
    Since(Instant),
}

impl Grace {
    pub(super) fn new() -> Self {
        Self(Cell::new(State::Off))
    }

    #[inline(always)]
    pub(super) fn is_on(&self) -> bool {
        !matches!(self.0.get(), State::Off)
    }

    /// Begins, unless it is on: who spawns again and again does not make it longer.
    pub(super) fn begin(&self) {
        if !self.is_on() {
            self.0.set(State::New);
        }
    }

    /// Ends it in time: called at each look around.
    #[inline]
    pub(super) fn look(&self, now: Instant) {
        match self.0.get() {
            State::Off => {}
            State::New => self.0.set(State::Since(now)),
            State::Since(start) if now.saturating_duration_since(start) < GRACE => {}
            State::Since(_) => self.0.set(State::Off),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_though_nobody_comes() {
        let (grace, start) = (Grace::new(), Instant::now());
        grace.look(start);
        assert!(!grace.is_on());
        grace.begin();
        grace.look(start);
        grace.look(start + GRACE - Duration::from_nanos(1));
        grace.begin();
        assert!(grace.is_on());
        grace.look(start + GRACE);
        assert!(!grace.is_on());
    }
}
