//! What the tests of cancels share: an agent.

#![allow(dead_code, reason = "no test file uses all of it")]

use sisal_park::agent::install;
use sisal_park::cancel::{Before, CancelFlag, CancelScopes, check};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, AgentId, Cancellable, Cause, Outcome, Parking, Reason, Waker, Word};
use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// An agent of its own, whose time passes only while it waits for that, and which others can ask to end, as a fiber.
pub(crate) struct TestAgent {
    own: ThreadAgent,
    pub(crate) scopes: CancelScopes,
    now: Cell<Instant>,
    /// How often it has let others run.
    pub(crate) yields: Cell<u32>,
}

impl Agent for TestAgent {
    fn id(&self) -> AgentId {
        self.own.id()
    }

    fn begin_park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Parking<'_> {
        let until = match self.scopes.before_park(self, deadline, cancellable) {
            Before::Return(outcome) => return Parking::Over(outcome),
            Before::Park(until) => until,
        };
        match until {
            Some(until) => self.now.set(self.now.get().max(until)),
            None => drop(self.own.begin_park(None, reason, Cancellable::Never)),
        }
        Parking::Over(self.scopes.after_park(self, deadline, until.is_some(), cancellable))
    }

    fn waker(&self) -> Waker {
        self.own.waker()
    }

    fn word(&self) -> &Word {
        self.own.word()
    }

    fn yield_now(&self) {
        self.yields.set(self.yields.get() + 1);
    }

    fn spend(&self) {}

    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        job();
    }

    fn now(&self) -> Instant {
        self.now.get()
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

impl TestAgent {
    pub(crate) fn park(
        &self,
        deadline: Option<Instant>,
        reason: Reason,
        cancellable: Cancellable,
    ) -> Outcome {
        (self as &dyn Agent).park(deadline, reason, cancellable)
    }

    pub(crate) fn new() -> Self {
        Self {
            own: ThreadAgent::new(),
            scopes: CancelScopes::new(),
            now: Cell::new(Instant::now()),
            yields: Cell::new(0),
        }
    }

    /// Runs `f` as this agent.
    pub(crate) fn run(&self, f: impl FnOnce()) {
        let agent: &dyn Agent = self;
        // SAFETY: it lives until it is replaced below, and this thread is it.
        let before = unsafe { install(Some(NonNull::from(agent))) };
        f();
        // SAFETY: as it was.
        unsafe { install(before) };
    }

    pub(crate) fn ask(&self) {
        self.scopes.ask().expect("for the first time").pass_on();
    }

    /// Waits for a second, in that way.
    pub(crate) fn wait(&self, cancellable: Cancellable) -> Outcome {
        self.park(Some(self.now() + SECOND), Reason::Sleep, cancellable)
    }

    /// Once cut short by that cause, and then no more.
    pub(crate) fn assert_noticed_once(&self, cause: Cause) {
        assert_eq!(self.wait(Cancellable::Once), Outcome::Cancelled(cause));
        for _ in 0..3 {
            assert_eq!(self.wait(Cancellable::Once), Outcome::TimedOut);
        }
    }

    pub(crate) fn assert_not_cancelled(&self) {
        assert_eq!(check(), Ok(()));
        for cancellable in [Cancellable::Never, Cancellable::Once, Cancellable::Always] {
            assert_eq!(self.wait(cancellable), Outcome::TimedOut);
        }
    }
}

pub(crate) fn as_agent(f: impl FnOnce(&TestAgent)) {
    let agent = TestAgent::new();
    agent.run(|| f(&agent));
}

pub(crate) fn flag() -> Arc<CancelFlag> {
    Arc::new(CancelFlag::new())
}
