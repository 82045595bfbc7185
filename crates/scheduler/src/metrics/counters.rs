//! What one worker counts, on cache lines of its own.
//!
//! Knows nothing of who reads it. A worker adds with a plain load and store, since nobody else writes; a reader sees figures that may lie a
//! few steps apart.

use super::delay::Histogram;
use sisal_base::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that one thread writes and everybody reads.
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds, and gives the new value. Only for the one who writes.
    #[inline(always)]
    pub(crate) fn add(&self, count: u64) -> u64 {
        let sum = self.get().wrapping_add(count);
        self.set(sum);
        sum
    }

    #[inline(always)]
    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A worker's counters. All but the last two are written by the worker's thread alone.
pub(crate) struct Counters {
    /// Turns of its loop: each runs a task, but for those counted in `unstarted`.
    pub(crate) turns: Counter,
    /// Fresh tasks that it took and did not run: sent on, or without a stack.
    pub(crate) unstarted: Counter,
    pub(crate) spawned: Counter,
    pub(crate) finished: Counter,
    pub(crate) panicked: Counter,
    pub(crate) steals_tried: Counter,
    pub(crate) steals_won: Counter,
    pub(crate) searches: Counter,
    pub(crate) sleeps: Counter,
    pub(crate) wakeups: Counter,
    pub(crate) timer_fires: Counter,
    pub(crate) io_events: Counter,
    /// Fibers that were ready, and that lived, when it last looked around.
    pub(crate) ready: Counter,
    pub(crate) live_then: Counter,
    pub(crate) delays: Histogram,
    /// The monitor's: the longest time for which the worker did not come round, in ns.
    pub(crate) longest_run_ns: Counter,
    /// The monitor's: hogs that it has reported.
    pub(crate) hogs: Counter,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            turns: Counter::new(),
            unstarted: Counter::new(),
            spawned: Counter::new(),
            finished: Counter::new(),
            panicked: Counter::new(),
            steals_tried: Counter::new(),
            steals_won: Counter::new(),
            searches: Counter::new(),
            sleeps: Counter::new(),
            wakeups: Counter::new(),
            timer_fires: Counter::new(),
            io_events: Counter::new(),
            ready: Counter::new(),
            live_then: Counter::new(),
            delays: Histogram::new(),
            longest_run_ns: Counter::new(),
            hogs: Counter::new(),
        }
    }

    /// The monitor has seen that the worker was held for so long.
    pub(crate) fn note_held(&self, held: Duration) {
        let held_ns = u64::try_from(held.as_nanos()).unwrap_or(u64::MAX);
        if held_ns > self.longest_run_ns.get() {
            self.longest_run_ns.set(held_ns);
        }
    }
}
