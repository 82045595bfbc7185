//! The frames of a computation on a stack of its own, which its agent leaves and comes back to.
//!
//! Knows nothing of stacks. Without it, who resumes a coroutine would be under the deadlines that the coroutine has left open.

use super::frame::{Place, orphan};
use crate::with_current;
use std::cell::{Cell, OnceCell};
use std::{fmt, ptr};

/// The frames that a suspended computation has left open.
#[derive(Default)]
pub struct Detached {
    /// Made when there are some for the first time; in a box, since what points to a frame stays in place.
    chain: OnceCell<Box<Place>>,
}

/// Takes what was left open, and puts back what was open outside.
struct Back<'a> {
    inside: &'a OnceCell<Box<Place>>,
    outside: &'a Place,
}

impl Drop for Back<'_> {
    #[inline]
    fn drop(&mut self) {
        with_current(|agent| {
            let scopes = agent.cancel_scopes();
            if scopes.has_frames() {
                scopes.move_frames_to(self.inside.get_or_init(|| Box::new(Cell::new(ptr::null()))));
            }
            scopes.take_frames_from(self.outside);
        });
    }
}

impl Detached {
    /// None.
    pub const fn new() -> Self {
        Self { chain: OnceCell::new() }
    }

    /// Resumes the computation: runs `f` under the frames that it had left open, and under no others. Whether its agent was
    /// asked to end is seen all the same.
    ///
    /// ```
    /// use sisal_park::cancel::{Cause, Detached, check, with_deadline};
    /// use std::time::Instant;
    ///
    /// let computation = Detached::new();
    /// let (seen, _) = with_deadline(Instant::now(), || (computation.run(check), check()));
    /// assert_eq!(seen, (Ok(()), Err(Cause::Deadline)));
    /// ```
    #[inline]
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        let outside = Cell::new(ptr::null());
        with_current(|agent| {
            let scopes = agent.cancel_scopes();
            if scopes.has_frames() {
                scopes.move_frames_to(&outside);
            }
            if let Some(inside) = self.chain.get() {
                scopes.take_frames_from(inside);
            }
        });
        let _back = Back { inside: &self.chain, outside: &outside };
        f()
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        // A computation that is leaked never closes them; one that is unwound without this closes them where they stand.
        if let Some(chain) = self.chain.get() {
            orphan(chain);
        }
    }
}

impl fmt::Debug for Detached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.chain.get().is_some_and(|chain| !chain.get().is_null());
        f.debug_struct("Detached").field("open", &open).finish()
    }
}
