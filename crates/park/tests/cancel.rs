//! Goal: which waits a cancel and a deadline end, and how often, as the head of `cancel/mod.rs` says, frame by frame.
//! Method: an agent of its own, whose time passes only while it waits for that, and which others can ask to end, as a fiber.

use sisal_park::agent::install;
use sisal_park::cancel::{
    Before, CancelFlag, CancelScopes, CancelToken, Detached, check, deadline, enter, inherit, listen_while,
    shield, with_deadline,
};
use sisal_park::thread::ThreadAgent;
use sisal_park::{
    Agent, AgentId, Cancellable, Cause, Outcome, Reason, Selectable, Ticket, Waker, Wakes, Word, with_current,
};
use std::cell::Cell;
use std::convert::Infallible;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

struct TestAgent {
    own: ThreadAgent,
    scopes: CancelScopes,
    now: Cell<Instant>,
}

impl Agent for TestAgent {
    fn id(&self) -> AgentId {
        self.own.id()
    }

    fn park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Outcome {
        let until = match self.scopes.before_park(self, deadline, cancellable) {
            Before::Return(outcome) => return outcome,
            Before::Park(until) => until,
        };
        match until {
            Some(until) => self.now.set(self.now.get().max(until)),
            None => drop(self.own.park(None, reason, Cancellable::Never)),
        }
        self.scopes.after_park(self, deadline, until.is_some(), cancellable)
    }

    fn waker(&self) -> Waker {
        self.own.waker()
    }

    fn word(&self) -> &Word {
        self.own.word()
    }

    fn yield_now(&self) {}

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
    fn new() -> Self {
        Self { own: ThreadAgent::new(), scopes: CancelScopes::new(), now: Cell::new(Instant::now()) }
    }

    /// Runs `f` as this agent.
    fn run(&self, f: impl FnOnce()) {
        let agent: &dyn Agent = self;
        // SAFETY: it lives until it is replaced below, and this thread is it.
        let before = unsafe { install(Some(NonNull::from(agent))) };
        f();
        // SAFETY: as it was.
        unsafe { install(before) };
    }

    fn ask(&self) {
        self.scopes.ask().expect("for the first time").pass_on();
    }

    /// Waits for a second, in that way.
    fn wait(&self, cancellable: Cancellable) -> Outcome {
        self.park(Some(self.now() + SECOND), Reason::Sleep, cancellable)
    }

    /// Once cut short by that cause, and then no more.
    fn assert_noticed_once(&self, cause: Cause) {
        assert_eq!(self.wait(Cancellable::Once), Outcome::Cancelled(cause));
        for _ in 0..3 {
            assert_eq!(self.wait(Cancellable::Once), Outcome::TimedOut);
        }
    }

    fn assert_not_cancelled(&self) {
        assert_eq!(check(), Ok(()));
        for cancellable in [Cancellable::Never, Cancellable::Once, Cancellable::Always] {
            assert_eq!(self.wait(cancellable), Outcome::TimedOut);
        }
    }
}

fn as_agent(f: impl FnOnce(&TestAgent)) {
    let agent = TestAgent::new();
    agent.run(|| f(&agent));
}

fn flag() -> Arc<CancelFlag> {
    Arc::new(CancelFlag::new())
}

#[test]
fn an_agent_is_asked_once_and_sees_it_for_good() {
    as_agent(|agent| {
        agent.assert_not_cancelled();
        agent.ask();
        assert!(agent.scopes.ask().is_none());
        assert_eq!(check(), Err(Cause::Asked));
        agent.assert_noticed_once(Cause::Asked);
        assert!(agent.scopes.ask().is_none(), "nor once it was noticed");
        assert_eq!(agent.wait(Cancellable::Always), Outcome::Cancelled(Cause::Asked));
        assert_eq!(agent.wait(Cancellable::Never), Outcome::TimedOut);
        // What is opened later is told, and has been noticed with it.
        let late = flag();
        enter(&late, || {
            assert!(late.is_raised());
            assert_eq!(check(), Err(Cause::Asked));
        });
    });
}

#[test]
fn who_is_asked_raises_what_is_open_and_not_what_was() {
    as_agent(|agent| {
        let (before, open, inner) = (flag(), flag(), flag());
        enter(&before, || agent.assert_not_cancelled());
        enter(&open, || {
            enter(&inner, || {
                agent.ask();
                assert!(open.is_raised() && inner.is_raised() && !before.is_raised());
                agent.assert_noticed_once(Cause::Asked);
            });
            agent_has_noticed(agent);
        });
        agent_has_noticed(agent);
        for flag in [before, open, inner] {
            assert_eq!(Arc::strong_count(&flag), 1, "nobody keeps it");
        }
    });
}

fn agent_has_noticed(agent: &TestAgent) {
    assert_eq!(check(), Err(Cause::Asked));
    assert_eq!(agent.wait(Cancellable::Once), Outcome::TimedOut);
}

/// Opens `outer`, and `inner` where that is not seen.
fn enter_beside(outer: &Arc<CancelFlag>, inner: &Arc<CancelFlag>, f: impl FnOnce()) {
    let computation = Detached::new();
    enter(outer, || with_current(|agent| computation.run(agent.cancel_scopes(), || enter(inner, f))));
}

#[test]
fn flags_that_do_not_see_each_other_are_all_told() {
    as_agent(|agent| {
        let flags: Vec<_> = (0..6).map(|_| flag()).collect();
        enter_beside(&flags[0], &flags[1], || ());
        enter_beside(&flags[2], &flags[3], || {
            flags[2].raise();
            assert!(!flags[3].is_raised(), "each by itself");
            enter_beside(&flags[4], &flags[5], || ());
            agent.ask();
        });
        let raised: Vec<_> = flags.iter().map(|flag| flag.is_raised()).collect();
        assert_eq!(raised, [false, false, true, true, false, false]);
        assert!(flags.iter().all(|flag| Arc::strong_count(flag) == 1));
    });
    // The inner one has gone: the outer one is still told.
    as_agent(|agent| {
        let (outer, inner) = (flag(), flag());
        enter(&outer, || {
            let computation = Detached::new();
            computation.run(&agent.scopes, || enter(&inner, || ()));
            agent.ask();
        });
        assert!(outer.is_raised() && !inner.is_raised());
    });
    // Asked before.
    as_agent(|agent| {
        let (outer, inner) = (flag(), flag());
        agent.ask();
        enter_beside(&outer, &inner, || assert!(outer.is_raised() && inner.is_raised()));
    });
}

#[test]
fn a_flag_ends_the_waits_inside_and_no_others() {
    as_agent(|agent| {
        let (outer, inner) = (flag(), flag());
        enter(&outer, || {
            enter(&inner, || {
                inner.raise();
                assert_eq!(check(), Err(Cause::Asked));
                agent.assert_noticed_once(Cause::Asked);
                assert!(!outer.is_raised());
            });
            agent.assert_not_cancelled();
            // For one thing that happens outside there is one early return, wherever.
            let later = flag();
            enter(&later, || {
                outer.raise();
                assert!(later.is_raised());
                agent.assert_noticed_once(Cause::Asked);
            });
            assert_eq!(agent.wait(Cancellable::Once), Outcome::TimedOut);
            assert_eq!(agent.wait(Cancellable::Always), Outcome::Cancelled(Cause::Asked));
        });
        agent.assert_not_cancelled();
    });
}

#[test]
fn what_happens_inside_is_not_noticed_outside() {
    as_agent(|agent| {
        let (outer, inner) = (flag(), flag());
        enter(&outer, || {
            enter(&inner, || {
                inner.raise();
                agent.assert_noticed_once(Cause::Asked);
                outer.raise();
                agent.assert_noticed_once(Cause::Asked);
            });
            agent_has_noticed(agent);
        });
    });
}

#[test]
fn a_deadline_ends_the_waits_inside_and_says_so() {
    as_agent(|agent| {
        let at = agent.now() + SECOND / 2;
        let ((), hit) = with_deadline(at, || {
            assert_eq!(deadline(), Some(at));
            assert_eq!(
                agent.park(None, Reason::Park, Cancellable::Always),
                Outcome::Cancelled(Cause::Deadline)
            );
            assert_eq!(agent.now(), at);
            assert_eq!(check(), Err(Cause::Deadline));
            agent.assert_noticed_once(Cause::Deadline);
            assert_eq!(agent.wait(Cancellable::Never), Outcome::TimedOut);
        });
        assert!(hit);
        agent.assert_not_cancelled();
        // Nothing was ended by it.
        assert!(!with_deadline(agent.now() + 10 * SECOND, || agent.assert_not_cancelled()).1);
        assert!(with_deadline(agent.now(), || agent.wait(Cancellable::Once)).1);
        assert!(!with_deadline(agent.now(), || agent.wait(Cancellable::Never)).1);
    });
}

#[test]
fn of_two_deadlines_the_nearest_counts() {
    as_agent(|agent| {
        let (near, far) = (agent.now() + SECOND, agent.now() + 5 * SECOND);
        let wait = || agent.park(None, Reason::Park, Cancellable::Always);
        let (inner, outer_hit) = with_deadline(near, || with_deadline(far, || (deadline(), wait())));
        assert_eq!(inner, ((Some(near), Outcome::Cancelled(Cause::Deadline)), false));
        assert!(outer_hit);
        assert_eq!(agent.now(), near);
        // The wait's own, where it comes first or at the same time.
        let own = |until| agent.park(Some(until), Reason::Sleep, Cancellable::Always);
        let now = agent.now();
        assert_eq!(with_deadline(now + SECOND, || own(now + SECOND / 2)), (Outcome::TimedOut, false));
        assert_eq!(with_deadline(now + SECOND, || own(now + SECOND)), (Outcome::TimedOut, false));
        let past = agent.now();
        assert_eq!(with_deadline(past, || own(past)), (Outcome::TimedOut, false), "both have passed");
        assert_eq!(with_deadline(past, || own(past + SECOND)).0, Outcome::Cancelled(Cause::Deadline));
        // A cancel comes before both.
        let stop = flag();
        stop.raise();
        let cut = enter(&stop, || with_deadline(agent.now(), || agent.wait(Cancellable::Always)));
        assert_eq!(cut, (Outcome::Cancelled(Cause::Asked), false));
    });
}

#[test]
fn a_shield_hides_what_is_outside() {
    as_agent(|agent| {
        let (outer, inner) = (flag(), flag());
        enter(&outer, || {
            with_deadline(agent.now(), || {
                shield(|| {
                    agent.ask();
                    assert!(outer.is_raised());
                    agent.assert_not_cancelled();
                    assert_eq!(deadline(), None);
                    enter(&inner, || {
                        assert!(!inner.is_raised());
                        agent.assert_not_cancelled();
                        inner.raise();
                        agent.assert_noticed_once(Cause::Asked);
                    });
                });
                assert_eq!(check(), Err(Cause::Asked));
            });
        });
    });
}

#[test]
fn a_child_is_ended_by_its_parents_flag_and_deadline() {
    as_agent(|agent| {
        let parents = flag();
        let at = agent.now() + SECOND / 2;
        inherit(&parents, Some(at), || {
            assert_eq!(agent.wait(Cancellable::Always), Outcome::Cancelled(Cause::Deadline));
            assert_eq!(agent.now(), at);
        });
        inherit(&parents, None, || {
            agent.assert_not_cancelled();
            let own = flag();
            enter(&own, || {
                parents.raise();
                assert!(own.is_raised());
                agent.assert_noticed_once(Cause::Asked);
            });
            // Asked by way of its parent and by itself, as at a shutdown: one early return for both.
            agent.ask();
            assert_eq!(agent.wait(Cancellable::Once), Outcome::TimedOut);
            assert_eq!(agent.wait(Cancellable::Always), Outcome::Cancelled(Cause::Asked));
        });
    });
    as_agent(|agent| {
        let parents = flag();
        inherit(&parents, None, || {
            parents.raise();
            agent.assert_noticed_once(Cause::Asked);
            agent.ask();
            assert_eq!(agent.wait(Cancellable::Once), Outcome::TimedOut, "noticed with it");
        });
    });
    as_agent(|agent| {
        let parents = flag();
        let own = flag();
        inherit(&parents, None, || enter(&own, || agent.ask()));
        assert!(own.is_raised() && !parents.is_raised());
    });
}

#[test]
fn a_computation_of_its_own_sees_no_frames_but_that_its_agent_is_asked() {
    as_agent(|agent| {
        let computation = Detached::new();
        let outer = flag();
        enter(&outer, || {
            with_deadline(agent.now(), || {
                computation.run(&agent.scopes, || agent.assert_not_cancelled());
                assert!(!computation.is_open());
                assert_eq!(check(), Err(Cause::Deadline), "they are back");
                agent.ask();
                assert_eq!(computation.run(&agent.scopes, check), Err(Cause::Asked));
            });
        });
    });
}

#[test]
fn who_waits_is_woken_by_the_flag() {
    as_agent(|agent| {
        let stop = flag();
        enter(&stop, || {
            let raise = Arc::clone(&stop);
            let raises = std::thread::spawn(move || raise.raise());
            assert_eq!(agent.park(None, Reason::Park, Cancellable::Always), Outcome::Cancelled(Cause::Asked));
            assert!(raises.join().unwrap());
        });
    });
}

#[derive(Default)]
struct Counts(AtomicUsize);

impl Wakes for Counts {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn who_waits_otherwise_is_told_by_its_own_waker() {
    as_agent(|_| {
        let counts = Arc::<Counts>::default();
        let waker = || Ok::<_, Infallible>((Waker::from(Arc::clone(&counts)), ()));
        assert_eq!(listen_while(waker, |told| told.is_some()), Ok(false), "there is no flag");
        let (stop, inner) = (flag(), flag());
        enter(&stop, || {
            let told = listen_while(waker, |told| {
                stop.raise();
                told.is_some()
            });
            assert_eq!(told, Ok(true));
            assert_eq!(counts.0.load(Ordering::Relaxed), 1);
            shield(|| assert_eq!(listen_while(waker, |told| told.is_some()), Ok(false)));
            enter(&inner, || assert_eq!(listen_while(waker, |_| check()), Ok(Err(Cause::Asked))));
        });
        assert_eq!(Arc::strong_count(&counts), 1);
    });
}

#[test]
fn a_token_is_waited_for() {
    as_agent(|agent| {
        let token = CancelToken::new();
        let start = agent.now();
        assert!(!token.is_cancelled() && !token.wait_timeout(SECOND));
        assert_eq!(agent.now(), start + SECOND);
        let (theirs, child) = (token.clone(), token.child());
        let cancels = std::thread::spawn(move || {
            // A wait that does not wait comes to its end before that.
            std::thread::sleep(Duration::from_millis(20));
            theirs.cancel();
        });
        token.wait();
        assert!(token.is_cancelled());
        assert!(child.is_cancelled() && token.child().is_cancelled());
        cancels.join().unwrap();
        assert!(token.wait_timeout(SECOND));
        assert_eq!(agent.now(), start + SECOND, "at once");
        // A cancel of who waits ends one wait.
        agent.ask();
        let other = CancelToken::new();
        assert!(!other.wait_timeout(SECOND));
        assert_eq!(agent.now(), start + SECOND, "cut short");
        assert!(!other.wait_timeout(SECOND));
        assert_eq!(agent.now(), start + 2 * SECOND);
    });
}

#[test]
fn a_token_runs_what_it_cancels() {
    as_agent(|agent| {
        let token = CancelToken::new();
        token.run(|| {
            agent.assert_not_cancelled();
            token.cancel();
            agent.assert_noticed_once(Cause::Asked);
        });
        agent.assert_not_cancelled();
        token.run(|| assert_eq!(check(), Err(Cause::Asked)));
        let other = CancelToken::new();
        other.run(|| agent.ask());
        assert!(!other.is_cancelled(), "its own code was, and not the token");
    });
}

#[test]
fn a_token_is_an_arm_of_a_select() {
    as_agent(|agent| {
        let token = CancelToken::new();
        let (arm, late) = (token.arm(), token.arm());
        let ticket = Ticket::new();
        assert!(!arm.attempt(agent) && !arm.is_ready());
        // SAFETY: both live until the arm has left.
        assert!(unsafe { arm.register(agent, &ticket, 3) });
        token.cancel();
        assert_eq!(ticket.winner(), Some(3));
        assert!(arm.accept(agent));
        assert!(late.attempt(agent) && late.is_ready());
        // SAFETY: as above; and it does not enter.
        assert!(unsafe { !late.register(agent, &ticket, 0) && !late.watch(agent, &ticket, 0) });
        let (token, ticket) = (CancelToken::new(), Ticket::new());
        let arm = token.arm();
        // SAFETY: as above.
        assert!(unsafe { arm.register(agent, &ticket, 1) });
        arm.unregister(false);
        // SAFETY: as above.
        assert!(unsafe { arm.watch(agent, &ticket, 2) });
        arm.unwatch(false);
        token.cancel();
        assert_eq!(ticket.winner(), None, "it had left");
    });
}
