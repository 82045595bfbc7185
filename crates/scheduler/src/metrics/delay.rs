//! How long ready fibers wait for their turn: a histogram of samples.
//!
//! Knows nothing of which fibers are sampled; that is `worker/probe.rs`.

use super::counters::Counter;
use std::time::Duration;

/// The upper bound of the first bucket; each next one is twice as wide.
const FIRST_NS: u64 = 1_000;
/// Bounds from 1 µs to 1.05 s, and one bucket for what is longer.
pub(super) const BUCKETS: usize = 22;

/// Counts of delays, written by one worker.
pub(crate) struct Histogram {
    counts: [Counter; BUCKETS],
    sum_ns: Counter,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: std::array::from_fn(|_| Counter::new()), sum_ns: Counter::new() }
    }

    pub(crate) fn note(&self, delay: Duration) {
        let delay_ns = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(delay_ns)].add(1);
        self.sum_ns.add(delay_ns);
    }

    pub(super) fn snapshot(&self) -> Delays {
        Delays { counts: std::array::from_fn(|index| self.counts[index].get()), sum_ns: self.sum_ns.get() }
    }
}

fn bucket(delay_ns: u64) -> usize {
    // Bounds are inclusive, as Prometheus has them.
    let steps = delay_ns.div_ceil(FIRST_NS).max(1).next_power_of_two().trailing_zeros() as usize;
    steps.min(BUCKETS - 1)
}

/// How long fibers waited between becoming ready and running: a sample of them, one a tick (10 ms) and worker.
///
/// ```
/// let metrics = sisal_scheduler::runtime::default_handle().metrics();
/// let delays = metrics.total.delays;
/// assert!(delays.quantile(0.5) <= delays.quantile(0.99));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    counts: [u64; BUCKETS],
    sum_ns: u64,
}

impl Delays {
    /// How many were sampled.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The sampled delays, added up.
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum_ns)
    }

    /// The buckets: how many delays were no longer than that, and longer than the bound before. The last bucket has no bound.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> + '_ {
        self.counts.iter().enumerate().map(|(index, count)| {
            let bound = (index + 1 < BUCKETS).then(|| Duration::from_nanos(FIRST_NS << index));
            (bound, *count)
        })
    }

    /// An upper bound of the delay that a share of the samples did not exceed; of 2 s if they lie in the last bucket. Zero without
    /// samples.
    pub fn quantile(&self, share: f64) -> Duration {
        const BEYOND: Duration = Duration::from_secs(2);
        let wanted = (self.count() as f64 * share.clamp(0.0, 1.0)).ceil() as u64;
        let mut seen = 0;
        for (bound, count) in self.buckets() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return bound.unwrap_or(BEYOND);
            }
        }
        Duration::ZERO
    }

    pub(super) fn add(&mut self, other: &Delays) {
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, count)| *sum += count);
        self.sum_ns += other.sum_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_delay_lies_within_its_bucket() {
        let histogram = Histogram::new();
        for delay_ns in [0, 1_000, 1_001, 2_000, 2_001, 1_000_000, 10_000_000_000] {
            histogram.note(Duration::from_nanos(delay_ns));
        }
        let delays = histogram.snapshot();
        let counts: Vec<u64> = delays.buckets().map(|(_, count)| count).collect();
        assert_eq!((counts[0], counts[1], counts[2], counts[10], counts[BUCKETS - 1]), (2, 2, 1, 1, 1));
        assert_eq!(delays.quantile(0.5), Duration::from_micros(2));
        assert_eq!(delays.quantile(1.0), Duration::from_secs(2));
    }
}
