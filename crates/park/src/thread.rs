//! The agent that an OS thread is to itself, wherever no other is installed. Needs no runtime.
//!
//! Knows nothing of fibers. It blocks in a condition variable, and its word follows the same table as a fiber's.
//!
//! Race, *wake between commit and wait*: A commits `PARKED`. B wins (`PARKED => RUNNING`), takes the gate, notifies nobody.
//! A takes the gate, sees that it is no longer `PARKED`, and does not wait. B takes the gate between its transition and
//! its notice, so A cannot be between its look and its wait.

use crate::cancel::{Before, CancelScopes};
use crate::waker::never_parked;
use crate::{
    Agent, AgentId, Cancellable, Commit, Outcome, Parking, Reason, Wake, WakeKind, Waker, WakerVTable, Word,
};
use sisal_base::rng::Rng;
use sisal_base::sync::{Arc, Condvar, Mutex, thread, wait, wait_until};
use sisal_base::{fault, thread_slot};
use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::time::Instant;

/// Looks of a bare thread before it parks: about 5 µs, less than the park and the wake-up would cost.
const LOOKS_BEFORE_PARK: u32 = 100;

/// The part of a bare thread that its wakers hold.
struct Parker {
    word: Word,
    gate: Mutex<()>,
    woken: Condvar,
}

/// A bare thread as an agent.
pub struct ThreadAgent {
    id: AgentId,
    parker: Arc<Parker>,
    cancel: CancelScopes,
    choices: Rng,
}

thread_slot! {
    lazy static OWN: ThreadAgent = ThreadAgent::new();
}

thread_slot! {
    static LAST: Cell<Option<&'static ThreadAgent>> = Cell::new(None);
}

/// This OS thread as an agent, which lives at least until the destructor of a thread-local that runs now, if one does, has returned.
/// Inside of such destructors, where the thread's own record may be gone, it is a new one: the same for all calls, since a wait of
/// several steps (a scope's) tells others whom to wake in the first of them. Nothing comes after the last destructor, so that one is
/// leaked.
#[inline]
pub(crate) fn own() -> NonNull<dyn Agent> {
    let own = OWN.try_with(|agent| NonNull::from(agent as &dyn Agent));
    own.unwrap_or_else(|_| NonNull::from(last() as &dyn Agent))
}

#[cold]
fn last() -> &'static ThreadAgent {
    LAST.with(|last| {
        let agent = last.get().unwrap_or_else(|| Box::leak(Box::new(ThreadAgent::new())));
        last.set(Some(agent));
        agent
    })
}

impl ThreadAgent {
    /// A record for the calling thread.
    pub fn new() -> Self {
        let id = AgentId::reserve(1).start;
        let parker = Parker { word: Word::running(), gate: Mutex::new(()), woken: Condvar::new() };
        Self {
            id: AgentId::from_u64(id),
            parker: Arc::new(parker),
            cancel: CancelScopes::new(),
            choices: Rng::new(id),
        }
    }

    /// [`Agent`]'s `park`, of this very one.
    pub fn park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Outcome {
        (self as &dyn Agent).park(deadline, reason, cancellable)
    }
}

impl Default for ThreadAgent {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ThreadAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadAgent").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Parker {
    /// Blocks the OS thread, whose word is `PARKED`, until it is not; `false` if the deadline came first.
    fn block(&self, deadline: Option<Instant>) -> bool {
        let mut gate = self.gate.lock();
        while self.word.is_parked() {
            match deadline {
                None => wait(&self.woken, &mut gate),
                // A waker that is faster than `cancel_park` has won, and the wait counts as woken.
                Some(deadline) => {
                    if wait_until(&self.woken, &mut gate, deadline) && self.word.cancel_park() {
                        return false;
                    }
                }
            }
        }
        true
    }

    fn wake(&self, kind: WakeKind) {
        let answer = match kind {
            WakeKind::Unpark => self.word.unpark(),
            WakeKind::Back | WakeKind::Next => self.word.wake(),
        };
        if answer == Wake::Submit {
            if !fault!("thread.wake.no_gate") {
                drop(self.gate.lock());
            }
            self.woken.notify_one();
        }
    }
}

impl Agent for ThreadAgent {
    fn id(&self) -> AgentId {
        self.id
    }

    fn begin_park(
        &self,
        deadline: Option<Instant>,
        _reason: Reason,
        cancellable: Cancellable,
    ) -> Parking<'_> {
        let until = match self.cancel.before_park(self, deadline, cancellable) {
            Before::Park(until) => until,
            Before::Return(outcome) => return Parking::Over(outcome),
        };
        let timed_out = self.parker.word.commit() == Commit::Parked && !self.parker.block(until);
        Parking::Over(self.cancel.after_park(self, deadline, timed_out, cancellable))
    }

    fn waker(&self) -> Waker {
        let data = ManuallyDrop::new(Arc::clone(&self.parker));
        // SAFETY: the waker owns that count of the `Arc`, and `Parker` is shared between threads.
        unsafe { Waker::new((&raw const **data).cast(), &VTABLE) }
    }

    fn word(&self) -> &Word {
        &self.parker.word
    }

    fn yield_now(&self) {
        thread::yield_now();
    }

    /// The kernel slices a bare thread's time.
    fn spend(&self) {}

    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        job();
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn choose(&self, bound: usize) -> usize {
        self.choices.below(bound)
    }

    fn cancel_scopes(&self) -> &CancelScopes {
        &self.cancel
    }

    fn spins(&self) -> u32 {
        LOOKS_BEFORE_PARK
    }
}

// No wake in two halves: a thread may run on between them, and end.
static VTABLE: WakerVTable = WakerVTable {
    clone: clone_parker,
    wake: wake_parker,
    drop: drop_parker,
    win: never_parked,
    submit: wake_parker,
};

/// # Safety
/// `data` is a waker's, so it owns a count of an `Arc<Parker>`.
unsafe fn clone_parker(data: *const ()) {
    // SAFETY: the caller's promise; the new count goes to the new waker.
    let parker = ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Parker>()) });
    std::mem::forget(Arc::clone(&parker));
}

/// # Safety
/// As [`clone_parker`].
unsafe fn wake_parker(data: *const (), kind: WakeKind) {
    // SAFETY: the caller's promise: the waker's count keeps the parker alive during the call.
    unsafe { &*data.cast::<Parker>() }.wake(kind);
}

/// # Safety
/// As [`clone_parker`], and the count is given back here.
unsafe fn drop_parker(data: *const ()) {
    // SAFETY: the caller's promise.
    drop(unsafe { Arc::from_raw(data.cast::<Parker>()) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::with_current;
    use std::time::Duration;

    #[test]
    fn a_thread_waits_until_woken() {
        let waker = with_current(|agent| agent.waker());
        let helper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(5));
            waker.wake();
        });
        assert_eq!(with_current(|agent| agent.park(None, Reason::Park, Cancellable::Never)), Outcome::Woken);
        helper.join().unwrap();
    }

    #[test]
    fn a_thread_waits_until_its_deadline() {
        with_current(|agent| {
            let deadline = agent.now() + Duration::from_millis(5);
            while agent.park(Some(deadline), Reason::Sleep, Cancellable::Never) != Outcome::TimedOut {}
            assert!(agent.now() >= deadline);
        });
    }

    #[test]
    fn wakers_outlive_their_thread() {
        let waker = std::thread::spawn(|| with_current(|agent| agent.waker())).join().unwrap();
        waker.clone().wake();
        waker.wake_next();
    }
}
