//! A count in a cell that loom watches: two accesses that nothing orders are an error, whatever they read.
//!
//! Knows nothing of what orders them.

use sisal_base::sync::UnsafeCell;

/// A count that only one may change at a time, and only those who see the change may read.
#[derive(Debug, Default)]
pub struct Watched(UnsafeCell<u32>);

// SAFETY: loom watches every access; that no two meet is what the models check.
unsafe impl Sync for Watched {}
// SAFETY: as above.
unsafe impl Send for Watched {}

impl Watched {
    /// Nothing counted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, in two steps between which loom may switch.
    pub fn add(&self) {
        let before = self.get();
        // SAFETY: watched by loom.
        self.0.with_mut(|count| unsafe { *count = before + 1 });
    }

    /// What was counted.
    pub fn get(&self) -> u32 {
        // SAFETY: watched by loom.
        self.0.with(|count| unsafe { *count })
    }
}
