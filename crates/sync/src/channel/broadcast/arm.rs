//! A broadcast's receiver as an arm of a select.
//!
//! Knows nothing of the other arms. Nobody hands it anything: who claims it has sent a message to all, so that there is one for
//! it when it looks.

use super::{Receiver, RecvError};
use sisal_park::{Agent, Cancellable, Place, Reason, Selectable, Ticket};
use std::cell::RefCell;
use std::fmt;
use std::ptr;
use std::sync::Arc;

/// `recv(receiver) -> message`, as an arm.
#[doc(hidden)]
pub struct RecvArm<'a, T> {
    receiver: RefCell<&'a mut Receiver<T>>,
    taken: RefCell<Option<Result<Arc<T>, RecvError>>>,
    place: Place,
}

impl<'a, T> RecvArm<'a, T> {
    pub(super) fn new(receiver: &'a mut Receiver<T>) -> Self {
        Self { receiver: RefCell::new(receiver), taken: RefCell::new(None), place: Place::new() }
    }

    fn take(&self) -> bool {
        let mut receiver = self.receiver.borrow_mut();
        let (shared, next) = receiver.parts();
        let taken = shared.lock().take(next);
        let is_taken = taken.is_some();
        *self.taken.borrow_mut() = taken;
        is_taken
    }

    fn leave(&self, claimed: bool) {
        if let Some(waiter) = self.place.waiter() {
            let mut receiver = self.receiver.borrow_mut();
            let (shared, _) = receiver.parts();
            // SAFETY: `register` has put it into this line.
            unsafe { shared.lock().line.remove(waiter) };
            if claimed {
                waiter.wait_for_claimant();
            }
        }
        self.place.clear();
    }
}

impl<T: Clone> RecvArm<'_, T> {
    /// The message, once selected.
    ///
    /// # Errors
    /// As [`Receiver::recv`].
    pub fn complete(&self) -> Result<T, RecvError> {
        let taken = self.taken.borrow_mut().take();
        taken.unwrap_or(Err(RecvError::Disconnected)).map(Arc::unwrap_or_clone)
    }
}

impl<T> Selectable for RecvArm<'_, T> {
    fn attempt(&self, _agent: &dyn Agent) -> bool {
        self.take()
    }

    unsafe fn register(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        let mut receiver = self.receiver.borrow_mut();
        let (shared, next) = receiver.parts();
        let mut log = shared.lock();
        if log.is_ready(*next) {
            return false;
        }
        // SAFETY: the caller's promise, and the place keeps the waiter until it is in no line.
        unsafe { log.line.push(self.place.fill(agent, ptr::null_mut(), ticket, arm)) };
        true
    }

    fn unregister(&self, claimed: bool) {
        self.leave(claimed);
    }

    fn accept(&self, agent: &dyn Agent) -> bool {
        if let Some(waiter) = self.place.waiter() {
            let _ = waiter.wait(agent, None, Reason::Select(1), Cancellable::Never);
        }
        self.place.clear();
        self.take()
    }

    fn is_ready(&self) -> bool {
        let mut receiver = self.receiver.borrow_mut();
        let (shared, next) = receiver.parts();
        shared.lock().is_ready(*next)
    }

    unsafe fn watch(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.register(agent, ticket, arm) }
    }

    fn unwatch(&self, claimed: bool) {
        self.leave(claimed);
    }
}

impl<T> fmt::Debug for RecvArm<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::RecvArm { .. }")
    }
}
