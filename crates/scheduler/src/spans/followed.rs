//! Spans, left and entered again.
//!
//! Knows nothing of who subscribes. `tracing` tells only the innermost span of a thread; so that one is left, and then the next, until none is
//! there. A subscriber that does not tell its current span is left alone.
//!
//! The functions are not inlined: the address of `tracing`'s thread-local must not outlive the switch between two of them.

use tracing_core::dispatcher::{get_default, has_been_set};
use tracing_core::span::Id;

/// Spans in one another that are followed; a subscriber that stays in what it was told to leave must not hold the fiber for ever.
const DEPTH_MAX: usize = 256;

/// Spans that were left, the innermost first.
pub(crate) struct Left(Vec<Id>);

/// Whether whoever runs on this thread has entered any.
#[inline(always)]
pub(crate) fn are_entered() -> bool {
    has_been_set() && has_any()
}

#[inline(never)]
fn has_any() -> bool {
    get_default(|subscriber| subscriber.current_span().id().is_some())
}

/// Leaves all of them.
#[inline(never)]
pub(crate) fn leave() -> Left {
    get_default(|subscriber| {
        let mut left = Vec::new();
        while left.len() < DEPTH_MAX {
            let current = subscriber.current_span();
            let Some(id) = current.id() else { break };
            subscriber.exit(id);
            left.push(id.clone());
        }
        Left(left)
    })
}

impl Left {
    /// Enters them again, on the thread that this is now.
    #[inline(never)]
    pub(crate) fn enter(self) {
        get_default(|subscriber| self.0.iter().rev().for_each(|id| subscriber.enter(id)));
    }
}
