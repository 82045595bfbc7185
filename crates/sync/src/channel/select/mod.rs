//! Waiting for whichever of several operations comes first.
//!
//! Knows nothing of locks or buffers. In files: `wait.rs` is the select over arms of any kind, `arms.rs` the two kinds that
//! channels make, `dynamic.rs` the list of operations that a program builds, `macros.rs` the syntax.

mod arms;
mod dynamic;
mod macros;
mod selected;
mod wait;

pub use dynamic::Select;
pub use selected::SelectedOperation;

/// What the macros' expansions name.
#[doc(hidden)]
pub mod internal {
    pub use super::arms::{RecvArm, SendArm};

    use super::super::core::Until;
    use super::wait::{HasArm, Order, select};
    use crate::line::deadline_after;
    use sisal_park::Selectable;
    use std::convert::Infallible;
    use std::fmt;
    use std::time::Duration;

    /// One arm, and which it is in the source.
    pub struct Case<'a> {
        index: usize,
        arm: &'a dyn Selectable,
    }

    impl<'a> Case<'a> {
        /// An arm that gets its number later.
        pub fn new(arm: &'a dyn Selectable) -> Self {
            Self { index: 0, arm }
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
    }

    /// Waits for one of `cases`, and gives its index in the source.
    pub fn wait(cases: &mut [Case<'_>], biased: bool) -> usize {
        wait_until(cases, biased, Until::Forever)
    }

    /// The index of a case that needs no wait, or the number of cases.
    pub fn look(cases: &mut [Case<'_>], biased: bool) -> usize {
        wait_until(cases, biased, Until::Now)
    }

    /// Waits for one of `cases` for `timeout` at the longest, and gives its index in the source, or the number of cases.
    pub fn wait_timeout(cases: &mut [Case<'_>], biased: bool, timeout: Duration) -> usize {
        wait_until(cases, biased, deadline_after(timeout).map_or(Until::Forever, Until::Deadline))
    }

    fn wait_until(cases: &mut [Case<'_>], biased: bool, until: Until) -> usize {
        for (index, case) in cases.iter_mut().enumerate() {
            case.index = index;
        }
        let order = if biased { Order::Biased } else { Order::Fair };
        select(cases, order, until).map_or(cases.len(), |position| cases[position].index)
    }

    /// Said of an index beyond the last case.
    ///
    /// # Panics
    /// Always.
    pub fn no_such_case(beyond: usize) -> Infallible {
        unreachable!("a select has selected {beyond} cases beyond its last one")
    }

    /// Says that `beyond` can only be the default's, which stands behind the last case.
    pub fn the_default(beyond: usize) {
        debug_assert_eq!(beyond, 0, "a select gives the index of one of its cases");
    }
}
