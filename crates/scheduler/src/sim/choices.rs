//! The choices of one run: drawn from a seed and written down, or given.
//!
//! Knows nothing of what is chosen.
//!
//! Zero is always the calm choice: the worker that ran goes on, nothing unlikely strikes. So a list of choices that is cut short, or in
//! which some were made zero, is a calmer run of the same program, and that is how failures shrink.

use sisal_base::rng::Rng;
use std::cell::{Cell, RefCell};

/// How wild the runs of a seed are: the unlikely is so many times less likely. Many bugs need few switches at the right place (after the
/// idea of S. Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", 2010), others need many.
const TEMPERS: [usize; 4] = [1, 1, 4, 16];
/// Choices that are written down; what comes later cannot be given again.
const KEPT_MAX: usize = 1 << 24;
/// The odds that a worker loses its turn in a run that keeps to one.
const ODDS_OF_SWITCH: usize = 4;

pub(super) struct Choices {
    rng: Rng,
    temper: usize,
    /// The worker that ran goes on, as a rule.
    sticks: bool,
    given: Option<Vec<u32>>,
    made: RefCell<Vec<u32>>,
    count: Cell<u64>,
}

impl Choices {
    pub(super) fn new(seed: u64, given: Option<Vec<u32>>) -> Self {
        let rng = Rng::new(seed);
        // The first numbers of neighbouring seeds are alike.
        (0..4).for_each(|_| {
            let _ = rng.next_u64();
        });
        let (temper, sticks) = (TEMPERS[rng.below(TEMPERS.len())], rng.below(2) == 0);
        Self { rng, temper, sticks, given, made: RefCell::new(Vec::new()), count: Cell::new(0) }
    }

    /// A choice in `0..bound`.
    pub(super) fn choose(&self, bound: usize) -> usize {
        if bound <= 1 {
            return 0;
        }
        let count = self.count.get();
        self.count.set(count + 1);
        let choice = match &self.given {
            None => self.rng.below(bound),
            Some(given) => given.get(count as usize).map_or(0, |&choice| choice as usize % bound),
        };
        let mut made = self.made.borrow_mut();
        if made.len() < KEPT_MAX {
            made.push(choice as u32);
        }
        choice
    }

    /// Whether to do the unlikely, this time.
    pub(super) fn strikes(&self, odds: usize) -> bool {
        let odds = odds * self.temper;
        self.choose(odds) == odds - 1
    }

    /// Which of so many workers is next, of which the first is the one that ran last.
    pub(super) fn next_worker(&self, count: usize) -> usize {
        if count > 1 && self.sticks && !self.strikes(ODDS_OF_SWITCH) { 0 } else { self.choose(count) }
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.count.get()
    }

    pub(super) fn take(&self) -> Vec<u32> {
        self.made.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_can_be_given() {
        let first = Choices::new(7, None);
        let drawn: Vec<_> = (2..100).map(|bound| first.choose(bound)).collect();
        let again = Choices::new(7, Some(first.take()));
        assert_eq!(drawn, (2..100).map(|bound| again.choose(bound)).collect::<Vec<_>>());
        assert_eq!(again.choose(9), 0, "beyond the list all is calm");
        assert!(!again.strikes(2));
    }
}
