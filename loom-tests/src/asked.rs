//! A bare thread that another asks to end meanwhile, as it could a fiber.
//!
//! Knows nothing of what it does until then.

use sisal_base::sync::{UnsafeCell, thread};
use sisal_park::agent::install;
use sisal_park::cancel::{Before, CancelScopes};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, AgentId, Cancellable, Cause, Outcome, Parking, Reason, Waker, Word, with_current};
use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;

/// A bare thread's agent whose scopes others can reach, as a fiber's.
pub struct Asked {
    agent: ThreadAgent,
    scopes: CancelScopes,
    /// Written by the canceller before it asks.
    written: UnsafeCell<u32>,
    canceller: RefCell<Option<thread::JoinHandle<()>>>,
}

// SAFETY: others reach `CancelScopes::ask` alone, and write what is read after that; loom watches.
unsafe impl Sync for Asked {}
// SAFETY: as above.
unsafe impl Send for Asked {}

impl Asked {
    /// Runs `f` as such an agent, which another thread begins to ask to end.
    pub fn run(f: impl FnOnce(&Asked)) {
        let asked = Arc::new(Asked {
            agent: ThreadAgent::new(),
            scopes: CancelScopes::new(),
            written: UnsafeCell::new(0),
            canceller: RefCell::new(None),
        });
        let (others, waker) = (Arc::clone(&asked), asked.waker());
        let canceller = thread::spawn(move || {
            // SAFETY: the other reads once it is cancelled.
            others.written.with_mut(|written| unsafe { *written = 7 });
            let question = others.scopes.ask().expect("nobody else asks");
            question.pass_on();
            waker.wake();
        });
        *asked.canceller.borrow_mut() = Some(canceller);
        let agent: &dyn Agent = &*asked;
        // SAFETY: it lives until it is replaced below, and this thread is it.
        let before = unsafe { install(Some(NonNull::from(agent))) };
        f(&asked);
        // SAFETY: as it was.
        unsafe { install(before) };
    }

    /// Parks until it is cancelled, and waits until the canceller has passed that on.
    pub fn park_until_cancelled(&self) {
        let park = || with_current(|agent| agent.park(None, Reason::Park, Cancellable::Always));
        while park() != Outcome::Cancelled(Cause::Asked) {}
        // SAFETY: cancelled.
        assert_eq!(self.written.with(|written| unsafe { *written }), 7);
        self.canceller.take().expect("joined once").join().unwrap();
    }
}

impl Agent for Asked {
    fn id(&self) -> AgentId {
        self.agent.id()
    }

    fn begin_park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Parking<'_> {
        match self.scopes.before_park(self, deadline, cancellable) {
            Before::Return(outcome) => Parking::Over(outcome),
            Before::Park(_) => self.agent.begin_park(None, reason, Cancellable::Never),
        }
    }

    fn waker(&self) -> Waker {
        self.agent.waker()
    }

    fn word(&self) -> &Word {
        self.agent.word()
    }

    fn yield_now(&self) {}

    fn spend(&self) {}

    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        job();
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn choose(&self, _bound: usize) -> usize {
        0
    }

    fn cancel_scopes(&self) -> &CancelScopes {
        &self.scopes
    }

    fn spins(&self) -> u32 {
        0
    }
}
