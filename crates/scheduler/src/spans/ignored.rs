//! No spans: every call is nothing.
//!
//! Knows nothing at all.

/// No spans.
pub(crate) struct Left;

#[inline(always)]
pub(crate) fn are_entered() -> bool {
    false
}

pub(crate) fn leave() -> Left {
    Left
}

impl Left {
    pub(crate) fn enter(self) {}
}
