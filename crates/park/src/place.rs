//! Room for an arm's waiter, inside the arm.
//!
//! Knows nothing of lines. Invariants:
//! 1. Only the arm's agent fills and clears it; others reach the waiter by its link in a line.
//! 2. While it is filled it does not move: whoever registers the arm has promised that.

use crate::{Agent, Ticket, Waiter};
use sisal_base::sync::UnsafeCell;
use std::fmt;
use std::pin::Pin;

/// An arm's waiter, while the arm is in a line.
pub struct Place(UnsafeCell<Option<Waiter>>);

impl Place {
    /// In no line.
    pub fn new() -> Self {
        Self(UnsafeCell::new(None))
    }

    /// Makes the waiter for one wait.
    ///
    /// # Safety
    /// As [`Selectable::register`](crate::Selectable::register), by the arm's agent.
    pub unsafe fn fill(
        &self,
        agent: &dyn Agent,
        packet: *mut (),
        ticket: &Ticket,
        arm: usize,
    ) -> Pin<&Waiter> {
        // SAFETY: the caller's promise: the ticket outlives the wait, and nobody else touches the place.
        self.0.with_mut(|place| unsafe { *place = Some(Waiter::with_ticket(agent, packet, ticket, arm)) });
        self.waiter().expect("filled in the line above")
    }

    /// The waiter of the present wait.
    pub fn waiter(&self) -> Option<Pin<&Waiter>> {
        // SAFETY: invariant 1: nobody writes while the agent's own call reads; and a waiter here does not move (invariant 2).
        self.0.with(|place| unsafe { (*place).as_ref().map(|waiter| Pin::new_unchecked(waiter)) })
    }

    /// The wait is over; the waiter is in no line.
    pub fn clear(&self) {
        // SAFETY: invariant 1; the waiter is in no line, so nobody else knows it.
        self.0.with_mut(|place| unsafe { *place = None });
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}
