//! Waiting for whichever of several operations comes first.
//!
//! Knows nothing of locks or buffers. In files: `wait.rs` is the select over arms of any kind, `arms.rs` the two kinds that
//! channels make, `case.rs` the list of them that the macros make, `dynamic.rs` the list of operations that a program builds, `macros.rs` the syntax.

mod arms;
mod case;
mod dynamic;
mod macros;
mod selected;
mod wait;

pub(super) use case::Hint;
pub use dynamic::Select;
pub use selected::SelectedOperation;

/// What the macros' expansions name.
#[doc(hidden)]
pub mod internal {
    pub use super::arms::{RecvArm, SendArm};
    pub use super::case::{AsCase, Case};

    use super::super::core::Until;
    use super::wait::{Order, select};
    use crate::line::deadline_after;
    use std::convert::Infallible;
    use std::time::Duration;

    /// Waits for one of `cases`, and gives its index in the source.
    #[inline]
    pub fn wait<const N: usize>(cases: &mut [Case<'_>; N], biased: bool) -> usize {
        wait_until(numbered(cases), biased, Until::Forever)
    }

    /// The index of a case that needs no wait, or the number of cases.
    #[inline]
    pub fn look<const N: usize>(cases: &mut [Case<'_>; N], biased: bool) -> usize {
        wait_until(numbered(cases), biased, Until::Now)
    }

    /// Waits for one of `cases` for `timeout` at the longest, and gives its index in the source, or the number of cases.
    #[inline]
    pub fn wait_timeout<const N: usize>(cases: &mut [Case<'_>; N], biased: bool, timeout: Duration) -> usize {
        wait_until(numbered(cases), biased, deadline_after(timeout).map_or(Until::Forever, Until::Deadline))
    }

    /// Where the number of cases is known, their numbers are written when they are.
    #[inline(always)]
    fn numbered<'a, 'b, const N: usize>(cases: &'a mut [Case<'b>; N]) -> &'a mut [Case<'b>] {
        for (index, case) in cases.iter_mut().enumerate() {
            case.set_index(index);
        }
        cases
    }

    #[inline(never)]
    fn wait_until(cases: &mut [Case<'_>], biased: bool, until: Until) -> usize {
        let order = if biased { Order::Biased } else { Order::Fair };
        select(cases, order, until).map_or(cases.len(), |position| cases[position].index())
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
