//! The oracle: what was handed out must come back once each, with what its giver wrote into it last.
//!
//! Knows nothing of queues. Items are numbers; what belongs to a number lies here, in cells that loom watches. A giver
//! writes the cell just before it publishes the number, so that a missing Release or Acquire anywhere on the number's way
//! is a race on the cell. The counters are std's, because they are no part of the model.

use sisal_base::sync::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// `N` numbers, each to be given once and to be taken once.
#[derive(Debug)]
pub struct Ledger<const N: usize> {
    cells: [UnsafeCell<u32>; N],
    taken: [AtomicUsize; N],
}

// SAFETY: loom watches every access to the cells; that no two meet is what the models check.
unsafe impl<const N: usize> Sync for Ledger<N> {}
// SAFETY: as above.
unsafe impl<const N: usize> Send for Ledger<N> {}

impl<const N: usize> Ledger<N> {
    /// Nothing given yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            cells: std::array::from_fn(|_| UnsafeCell::new(0)),
            taken: std::array::from_fn(|_| AtomicUsize::new(0)),
        })
    }

    /// Fills the cell of `number`, which is to be published next.
    pub fn give(&self, number: usize) -> usize {
        // SAFETY: watched by loom.
        self.cells[number].with_mut(|cell| unsafe { *cell = number as u32 + 1 });
        number
    }

    /// Empties the cell of `number`, which was found.
    pub fn take(&self, number: usize) {
        // SAFETY: watched by loom.
        let stamp = self.cells[number].with_mut(|cell| unsafe { std::mem::take(&mut *cell) });
        self.taken[number].fetch_add(1, Ordering::Relaxed);
        assert_eq!(stamp, number as u32 + 1, "number {number} was taken twice, or before it was given");
    }

    /// How many have been taken.
    pub fn taken(&self) -> usize {
        self.taken.iter().map(|taken| taken.load(Ordering::Relaxed)).sum()
    }

    /// Every number was taken once.
    pub fn settle(&self) {
        for (number, taken) in self.taken.iter().enumerate() {
            assert_eq!(taken.load(Ordering::Relaxed), 1, "number {number} was lost or doubled");
        }
    }
}
