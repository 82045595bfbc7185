//! A thing that happens once, and one agent that may wait for it: the end of a fiber, of a job on the blocking pool.
//!
//! Knows nothing of what has happened or where its result is.
//!
//! | state | waker slot belongs to | left by |
//! |---|---|---|
//! | `EMPTY` | who waits | who waits, once its waker is in the slot: `=> WAITING`; the completer: `=> DONE` |
//! | `WAITING` | the completer | the completer: `=> DONE`; who waits and gives up: `=> EMPTY` |
//! | `DONE` | the completer that came from `WAITING`, else nobody | nobody |
//!
//! Race, *early return*: A waits, and returns early because of another wake. It sees `DONE` before B, who completed, has
//! taken the waker out of the slot. So the slot is not on A's stack: it lives in what A and B both hold, and A never
//! touches it after `WAITING`, unless it came back to `EMPTY` by its own RMW.

use crate::{Agent, Cancellable, Outcome, Reason, Waker};
use sisal_base::sync::UnsafeCell;
use sisal_base::sync::atomic::{AtomicU8, Ordering};
use sisal_base::{const_new, fault, ordering};
use std::fmt;
use std::time::Instant;

const EMPTY: u8 = 0;
const WAITING: u8 = 1;
const DONE: u8 = 2;

/// Happens once; one agent at a time may wait for it.
pub struct Completion {
    state: AtomicU8,
    waker: UnsafeCell<Option<Waker>>,
}

// SAFETY: the table above says to whom the slot belongs in each state, and each change of hands is an RMW with Release on
// the giving and Acquire on the taking side.
unsafe impl Sync for Completion {}
// SAFETY: a waker may go to any thread.
unsafe impl Send for Completion {}

impl Completion {
    const_new! {
        /// It has not happened, and nobody waits.
        pub const fn new() -> Completion {
            Completion { state: AtomicU8::new(EMPTY), waker: UnsafeCell::new(None) }
        }
    }

    /// Whether it has happened. What was written before is then visible.
    #[inline]
    pub fn is_done(&self) -> bool {
        // Acquire: pairs with the Release in `complete`.
        self.state.load(ordering!(Acquire, "completion.is_done.relaxed" => Relaxed)) == DONE
    }

    /// `=> DONE`; gives the waker of who waits, to be woken once nothing of the completer's is needed any more.
    #[must_use = "somebody may wait"]
    #[inline]
    pub fn complete(&self) -> Option<Waker> {
        // Release: pairs with the Acquire in `is_done`. Acquire: the waker's bytes (pairs with the Release in `register`).
        let before = self.state.swap(DONE, ordering!(AcqRel, "completion.complete.acquire_only" => Acquire));
        debug_assert_ne!(before, DONE, "completed twice");
        if before == EMPTY || fault!("completion.complete.forgets_waker") {
            return None;
        }
        // SAFETY: WAITING => DONE by us: the slot is ours.
        self.waker.with_mut(|slot| unsafe { (*slot).take() })
    }

    /// Puts `waker` into the slot; `false` if it has happened already.
    ///
    /// # Safety
    /// One agent at a time registers, waits and withdraws, and it has withdrawn before it registers again.
    unsafe fn register(&self, waker: Waker) -> bool {
        if self.is_done() {
            return false;
        }
        // SAFETY: EMPTY, and by the caller's promise nobody else may leave it but to DONE: the slot is ours.
        self.waker.with_mut(|slot| unsafe { *slot = Some(waker) });
        if fault!("completion.register.blind_store") {
            self.state.swap(WAITING, Ordering::AcqRel);
            return true;
        }
        // EMPTY => WAITING. Release: the waker's bytes.
        let success = ordering!(Release, "completion.register.relaxed" => Relaxed);
        let registered = self.state.compare_exchange(EMPTY, WAITING, success, Ordering::Acquire).is_ok();
        if !registered {
            // SAFETY: EMPTY => DONE left the slot to us.
            self.waker.with_mut(|slot| unsafe { *slot = None });
        }
        registered
    }

    /// Takes the waker back; `false` if it has happened meanwhile.
    ///
    /// # Safety
    /// As [`register`](Self::register), which returned `true`.
    unsafe fn withdraw(&self) -> bool {
        // WAITING => EMPTY. Acquire on both: pairs with the Release in `complete`.
        let won = self.state.compare_exchange(WAITING, EMPTY, Ordering::Acquire, Ordering::Acquire).is_ok();
        if won {
            // SAFETY: back in EMPTY by our own RMW: the slot is ours.
            self.waker.with_mut(|slot| unsafe { *slot = None });
        }
        won
    }

    /// Waits until it has happened; gives what ended the wait.
    ///
    /// # Safety
    /// One agent at a time.
    pub unsafe fn wait(
        &self,
        agent: &dyn Agent,
        deadline: Option<Instant>,
        reason: Reason,
        cancellable: Cancellable,
    ) -> Outcome {
        // SAFETY: the caller's promise.
        if !unsafe { self.register(agent.waker()) } {
            return Outcome::Woken;
        }
        loop {
            let outcome = agent.park(deadline, reason, cancellable);
            if self.is_done() {
                return Outcome::Woken;
            }
            if outcome != Outcome::Woken {
                // SAFETY: registered above.
                return if unsafe { self.withdraw() } { outcome } else { Outcome::Woken };
            }
        }
    }
}

impl Default for Completion {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion").field("done", &self.is_done()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::with_current;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn who_waits_is_woken() {
        let done = Arc::new(Completion::new());
        let other = Arc::clone(&done);
        let helper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            if let Some(waker) = other.complete() {
                waker.wake();
            }
        });
        with_current(|agent| {
            // SAFETY: this thread is the only one that waits.
            let outcome = unsafe { done.wait(agent, None, Reason::Park, Cancellable::Never) };
            assert_eq!(outcome, Outcome::Woken);
        });
        helper.join().unwrap();
    }

    #[test]
    fn who_gives_up_leaves_nothing_behind() {
        let done = Completion::new();
        with_current(|agent| {
            let deadline = Some(agent.now() + Duration::from_millis(5));
            // SAFETY: this thread is the only one that waits.
            let outcome = unsafe { done.wait(agent, deadline, Reason::Park, Cancellable::Never) };
            assert_eq!(outcome, Outcome::TimedOut);
        });
        assert!(done.complete().is_none());
    }
}
