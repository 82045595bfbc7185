//! Who runs a job of the blocking pool: an OS thread like any other, but its pool is told when it parks.
//!
//! Knows nothing of jobs.

use crate::blocking::BlockingPool;
use sisal_park::cancel::CancelScopes;
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, AgentId, Cancellable, Parking, Reason, Waker, Word, agent};
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;

/// The agent of a thread of the pool.
pub(crate) struct PoolAgent {
    thread: ThreadAgent,
    pool: Arc<BlockingPool>,
}

impl PoolAgent {
    pub(crate) fn new(pool: Arc<BlockingPool>) -> Self {
        Self { thread: ThreadAgent::new(), pool }
    }

    /// Calls `f`, during which this is the calling thread's agent. `f` does not unwind.
    pub(crate) fn speak_while(&self, f: impl FnOnce()) {
        let this: &dyn Agent = self;
        // SAFETY: only the lifetime goes: taken back below, before `self` can go.
        let this = unsafe {
            std::mem::transmute::<NonNull<dyn Agent + '_>, NonNull<dyn Agent + 'static>>(NonNull::from(this))
        };
        // SAFETY: it lives until it is replaced below, and this thread alone calls it.
        let before = unsafe { agent::install(Some(this)) };
        f();
        // SAFETY: what was installed before, by the same promise.
        unsafe { agent::install(before) };
    }
}

impl Agent for PoolAgent {
    fn id(&self) -> AgentId {
        self.thread.id()
    }

    fn begin_park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Parking<'_> {
        self.pool.job_waits();
        let parking = self.thread.begin_park(deadline, reason, cancellable);
        self.pool.job_goes_on();
        parking
    }

    fn waker(&self) -> Waker {
        self.thread.waker()
    }

    fn word(&self) -> &Word {
        self.thread.word()
    }

    fn yield_now(&self) {
        self.thread.yield_now();
    }

    fn spend(&self) {
        self.thread.spend();
    }

    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        self.thread.blocking(job);
    }

    fn now(&self) -> Instant {
        self.thread.now()
    }

    fn choose(&self, bound: usize) -> usize {
        self.thread.choose(bound)
    }

    fn cancel_scopes(&self) -> &CancelScopes {
        self.thread.cancel_scopes()
    }

    fn spins(&self) -> u32 {
        self.thread.spins()
    }
}
