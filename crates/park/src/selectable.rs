//! One arm of a select, whatever it waits for: a message, room for one, the end of a fiber, a socket.
//!
//! Knows nothing of how a select goes about its arms, nor of what an arm does. An arm lives in the frame (or the box) of the one
//! agent that selects; others reach it through its waiter alone.
//!
//! ```text
//!   idle ── attempt ──▶ happened                 (nobody else can do this arm meanwhile)
//!     │
//!     └─── register ──▶ in line ── somebody claims the ticket with this arm ──▶ claimed ── accept ──▶ happened
//!                          │                                                                 └──────▶ idle (it came to nothing)
//!                          └── unregister ──▶ idle
//! ```
//!
//! Readiness is the other way to wait: `watch`, be woken at any change, `unwatch`, look.

use crate::{Agent, Ticket};
use std::time::Instant;

/// What can be an arm of a select.
pub trait Selectable {
    /// Does it now, if that needs no wait but for somebody who has promised his part already.
    fn attempt(&self, agent: &dyn Agent) -> bool;

    /// Gets into line, as arm `arm` of the select of `ticket`. `false`, and into no line, if it could be done now; other arms
    /// of the same select do not count for that.
    ///
    /// # Safety
    /// `ticket` lives, and the arm stays in place, until [`unregister`](Self::unregister) or [`accept`](Self::accept).
    unsafe fn register(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool;

    /// Leaves the line. If this arm was `claimed`, waits for the claimant without parking, and drops what he brought.
    fn unregister(&self, claimed: bool);

    /// This arm was claimed: waits until the claimant has finished. `false` if it came to nothing after all.
    fn accept(&self, agent: &dyn Agent) -> bool;

    /// When the clock alone will make it possible.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// Whether it could be done now.
    fn is_ready(&self) -> bool;

    /// Gets into the line of those who are woken when that may have changed. `false`, and into no line, if it could be done
    /// now.
    ///
    /// # Safety
    /// As [`register`](Self::register), until [`unwatch`](Self::unwatch).
    unsafe fn watch(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool;

    /// Leaves that line. If this arm was `claimed`, waits for the claimant without parking.
    fn unwatch(&self, claimed: bool);
}
