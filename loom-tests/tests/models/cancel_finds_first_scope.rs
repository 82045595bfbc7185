//! An agent that is asked to end while it enters or leaves its first flag is cancelled, and so is that flag if it was inside.
//!
//! Method: an agent enters a flag and parks under it, enters another one after that, and is asked by another thread meanwhile.
//! A question that is lost is a deadlock.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::UnsafeCell;
use sisal_park::agent::install;
use sisal_park::cancel::{CancelFlag, CancelScopes, enter};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, AgentId, Cancellable, Cause, Outcome, Reason, Waker, Word, with_current};
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Instant;

/// A bare thread's agent whose scopes others can reach, as a fiber's.
struct Asked {
    agent: ThreadAgent,
    scopes: CancelScopes,
    written: UnsafeCell<u32>,
}

// SAFETY: others reach `CancelScopes::ask` alone, and write what is read after that; loom watches.
unsafe impl Sync for Asked {}
// SAFETY: as above.
unsafe impl Send for Asked {}

impl Agent for Asked {
    fn id(&self) -> AgentId {
        self.agent.id()
    }

    fn park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Outcome {
        use sisal_park::cancel::Before;
        match self.scopes.before_park(self, deadline, cancellable) {
            Before::Return(outcome) => outcome,
            Before::Park(_) => self.agent.park(None, reason, Cancellable::Never),
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

fn park_until_cancelled() {
    let park = || with_current(|agent| agent.park(None, Reason::Park, Cancellable::Always));
    while park() != Outcome::Cancelled(Cause::Asked) {}
}

#[test]
fn holds() {
    model("cancel_finds_first_scope", Bounds::new(2, 944), || {
        let asked = Arc::new(Asked {
            agent: ThreadAgent::new(),
            scopes: CancelScopes::new(),
            written: UnsafeCell::new(0),
        });
        let (left, flag) = (Arc::new(CancelFlag::new()), Arc::new(CancelFlag::new()));
        let canceller = {
            let (asked, waker) = (Arc::clone(&asked), asked.waker());
            thread::spawn(move || {
                // SAFETY: the other reads once it is cancelled.
                asked.written.with_mut(|written| unsafe { *written = 7 });
                let question = asked.scopes.ask().expect("nobody else asks");
                waker.wake();
                question.pass_on();
            })
        };
        let agent: &dyn Agent = &*asked;
        // SAFETY: it lives until it is replaced below, and this thread is it.
        let before = unsafe { install(Some(NonNull::from(agent))) };
        enter(&left, || ());
        enter(&flag, || {
            park_until_cancelled();
            // SAFETY: cancelled.
            assert_eq!(asked.written.with(|written| unsafe { *written }), 7);
            canceller.join().unwrap();
            assert!(flag.is_raised());
        });
        // SAFETY: as it was.
        unsafe { install(before) };
    });
}
