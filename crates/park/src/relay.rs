//! The end of something counted, as an arm of a select.
//!
//! Knows nothing of what ends, nor of its result. [`JoinState`] has one slot for a waker, which others call at any time later; so
//! what is put there for an arm is a relay in a block of its own, and not the arm.
//!
//! Invariants:
//! 1. A relay is armed by the one who selects, before it is put into the slot; the ticket is touched under its lock, and
//!    only while it is armed.
//! 2. Who leaves the line disarms it first. So whoever has left has no claimant to wait for.

use crate::{Agent, JoinState, Selectable, Ticket, Waker, Wakes};
use sisal_base::fault;
use sisal_base::sync::SpinLock;
use std::cell::RefCell;
use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

/// Whom to tell.
struct Target {
    agent: Waker,
    ticket: NonNull<Ticket>,
    arm: usize,
}

struct Relay(SpinLock<Option<Target>>);

// SAFETY: the ticket, which any thread may claim, is touched under the lock alone.
unsafe impl Send for Relay {}
// SAFETY: as above.
unsafe impl Sync for Relay {}

impl Wakes for Relay {
    fn wake(&self) {
        let mut armed = self.0.lock();
        let target = armed.take();
        let told = target.as_ref().filter(|_| !fault!("relay.wake.claims_nothing"));
        // SAFETY: invariants 1 and 2: it was armed, so the ticket lives until who selects has had this lock.
        let won = told.is_some_and(|target| unsafe { target.ticket.as_ref() }.claim(target.arm));
        drop(armed);
        if let Some(target) = target.filter(|_| won) {
            target.agent.wake();
        }
    }
}

/// Waits, as an arm of a select, for the result of a [`JoinState`]. Each time that it gets into line it allocates its relay.
pub struct JoinArm<'a> {
    state: &'a JoinState,
    relay: RefCell<Option<Arc<Relay>>>,
}

impl<'a> JoinArm<'a> {
    /// An arm in no line.
    ///
    /// # Safety
    /// Called by the one handle, which waits in no other way while the arm lives.
    pub unsafe fn new(state: &'a JoinState) -> Self {
        Self { state, relay: RefCell::new(None) }
    }

    fn leave(&self) {
        if let Some(relay) = self.relay.take() {
            let target = relay.0.lock().take();
            drop(target);
            // SAFETY: the promise of `new`.
            unsafe { self.state.withdraw() };
        }
    }
}

impl Selectable for JoinArm<'_> {
    fn attempt(&self, _agent: &dyn Agent) -> bool {
        self.state.is_complete()
    }

    unsafe fn register(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        let target = Target { agent: agent.waker(), ticket: NonNull::from(ticket), arm };
        let relay = Arc::new(Relay(SpinLock::new(Some(target))));
        *self.relay.borrow_mut() = Some(Arc::clone(&relay));
        // SAFETY: the promise of `new`.
        let is_in_line = unsafe { self.state.register(Waker::from(relay)) };
        if !is_in_line {
            *self.relay.borrow_mut() = None;
        }
        is_in_line
    }

    fn unregister(&self, _claimed: bool) {
        self.leave();
    }

    fn accept(&self, _agent: &dyn Agent) -> bool {
        self.leave();
        true
    }

    fn is_ready(&self) -> bool {
        self.state.is_complete()
    }

    unsafe fn watch(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.register(agent, ticket, arm) }
    }

    fn unwatch(&self, _claimed: bool) {
        self.leave();
    }
}

impl Drop for JoinArm<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for JoinArm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinArm").field("state", &self.state).finish_non_exhaustive()
    }
}
