//! Rounds within one child process: one to warm up, then some that count; the figure is their median.

use crate::row::{Figures, Setup};
use std::time::Instant;

/// Rounds that count.
const ROUNDS: usize = 5;
/// The same in a quick run.
const ROUNDS_QUICK: usize = 2;

/// Counts and times the rounds of `while clock.lap() { .. }`, which reads the same in threads, fibers and futures.
#[derive(Debug)]
pub struct Clock {
    /// What one round does this often.
    pub ops: usize,
    wanted: usize,
    began: Option<Instant>,
    rounds_ns: Vec<f64>,
}

impl Clock {
    /// A clock for rounds of `ops` operations each, a tenth of them in a quick run.
    pub fn new(setup: &Setup, ops: usize) -> Self {
        let wanted = if setup.quick { ROUNDS_QUICK } else { ROUNDS };
        Self { ops: setup.ops(ops), wanted: wanted + 1, began: None, rounds_ns: Vec::new() }
    }

    /// Whether there is another round. Ends the one before.
    pub fn lap(&mut self) -> bool {
        if let Some(began) = self.began {
            self.rounds_ns.push(began.elapsed().as_nanos() as f64);
        }
        let more = self.rounds_ns.len() < self.wanted;
        self.began = Some(Instant::now());
        more
    }

    /// Nanoseconds of a round, without the first.
    pub fn round_ns(&self) -> f64 {
        median(&mut self.rounds_ns[1..].to_vec())
    }

    /// The usual figure: nanoseconds of one operation, of which a round has `ops`.
    pub fn ns_each(&self) -> Figures {
        self.ns_each_of(self.ops)
    }

    /// The same where a round has another number of operations.
    pub fn ns_each_of(&self, ops: usize) -> Figures {
        vec![("ns", self.round_ns() / ops as f64)]
    }

    /// Milliseconds of a round.
    pub fn ms(&self) -> Figures {
        vec![("ms", self.round_ns() / 1e6)]
    }
}

/// The middle one.
pub fn median(values: &mut [f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value below which `share` of all lie.
pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}
