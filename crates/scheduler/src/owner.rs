//! A cell for what one worker alone touches.
//!
//! Knows nothing of workers.

use std::cell::{Cell, UnsafeCell};

/// A value with one owner, reached in steps that do not nest. Not `Sync`, so the owner is one thread; debug builds check
/// that no step comes back while another is open.
pub(crate) struct OwnerCell<T> {
    value: UnsafeCell<T>,
    open: Cell<bool>,
}

impl<T> OwnerCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: UnsafeCell::new(value), open: Cell::new(false) }
    }

    /// Calls `f` with the value. `f` runs no code of users and does not suspend, so it does not come back here.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        if cfg!(debug_assertions) {
            assert!(!self.open.replace(true), "a step on a worker's own data came back to it");
        }
        // SAFETY: one thread, and no step inside another (see above).
        let result = f(unsafe { &mut *self.value.get() });
        if cfg!(debug_assertions) {
            self.open.set(false);
        }
        result
    }
}
