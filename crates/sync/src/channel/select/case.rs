//! An arm in the list that a select goes through.
//!
//! Knows nothing of what an arm does. The macros call `as_case` on arms of any type: those of a channel have one of their own, which
//! brings what is seen of the channel from outside, and for all others there is that of [`AsCase`], whose name is the same.

use super::super::outlook::Outlook;
use super::wait::HasArm;
use sisal_park::Selectable;
use std::fmt;

/// Where an arm's prospects can be seen without doing anything.
#[derive(Clone, Copy)]
pub(in crate::channel) enum Hint<'a> {
    /// Nowhere: it is to be attempted.
    None,
    /// There, if it is one of these.
    Outlook(&'a Outlook, u8),
    /// It never happens.
    Never,
}

impl Hint<'_> {
    /// Whether an attempt may succeed.
    #[inline(always)]
    pub(super) fn may_happen(self) -> bool {
        match self {
            Self::None => true,
            Self::Outlook(outlook, wanted) => outlook.may(wanted),
            Self::Never => false,
        }
    }
}

/// One arm, and which it is in the source.
pub struct Case<'a> {
    index: usize,
    arm: &'a dyn Selectable,
    hint: Hint<'a>,
}

impl<'a> Case<'a> {
    /// An arm that gets its number later.
    #[inline(always)]
    pub(super) fn with_hint(arm: &'a dyn Selectable, hint: Hint<'a>) -> Self {
        Self { index: 0, arm, hint }
    }

    #[inline(always)]
    pub(super) fn set_index(&mut self, index: usize) {
        self.index = index;
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }
}

/// An arm that is no channel's.
pub trait AsCase {
    /// This arm in the list that a select goes through.
    fn as_case(&self) -> Case<'_>;
}

impl<A: Selectable> AsCase for A {
    #[inline]
    fn as_case(&self) -> Case<'_> {
        Case::with_hint(self, Hint::None)
    }
}

impl fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("index", &self.index).finish_non_exhaustive()
    }
}

impl HasArm for Case<'_> {
    fn arm(&self) -> &dyn Selectable {
        self.arm
    }

    #[inline(always)]
    fn may_happen(&self) -> bool {
        self.hint.may_happen()
    }
}
