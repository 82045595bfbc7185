//! Something that many may wait for: "look again".
//!
//! Knows nothing of the condition, which the waiter looks at itself.

use sisal_base::sync::SpinLock;
use sisal_park::{Cancellable, Reason, WaitQueue, Waiter, WakeBatch, with_current};
use std::pin::pin;
use std::ptr;
use std::time::Instant;

/// Wakes whoever waits for a condition to become true.
pub(crate) struct Event {
    waiters: SpinLock<WaitQueue>,
}

impl Event {
    pub(crate) fn new() -> Self {
        Self { waiters: SpinLock::new(WaitQueue::new()) }
    }

    /// Waits until `holds`, or until `deadline`; whether it held. Each change that can make it true is followed by
    /// [`notify_all`](Self::notify_all), which either finds the waiter in the queue, or came before its second look.
    pub(crate) fn wait_until(
        &self,
        deadline: Option<Instant>,
        reason: Reason,
        holds: impl Fn() -> bool,
    ) -> bool {
        while !holds() {
            let in_time = with_current(|agent| {
                let waiter = pin!(Waiter::new(agent, ptr::null_mut()));
                // SAFETY: it is removed below, or popped and done, before this frame ends.
                unsafe { self.waiters.lock().push(waiter.as_ref()) };
                let in_time = deadline.is_none_or(|deadline| !agent.has_passed(deadline));
                if !holds() && in_time {
                    let _ = waiter.wait(agent, deadline, reason, Cancellable::Never);
                }
                // SAFETY: in this queue or popped from it.
                if !unsafe { self.waiters.lock().remove(waiter.as_ref()) } {
                    waiter.wait_for_claimant();
                }
                in_time
            });
            if !in_time {
                return holds();
            }
        }
        true
    }

    /// Wakes all who wait.
    pub(crate) fn notify_all(&self) {
        let mut batch = WakeBatch::new();
        loop {
            let more = self.waiters.lock().pop_into(&mut batch);
            batch.wake_all();
            if !more {
                return;
            }
        }
    }
}
