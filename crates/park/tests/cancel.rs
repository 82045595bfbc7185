//! Goal: which waits a cancel and a deadline end, and how often, as the head of `cancel/mod.rs` says, frame by frame.
//! Method: an agent whose time passes only while it waits for that.

mod common;

use common::{SECOND, TestAgent, as_agent, flag};
use sisal_park::cancel::{check, deadline, enter, inherit, listen_while, shield, with_deadline};
use sisal_park::{Agent, Cancellable, Cause, Outcome, Reason, Waker, Wakes};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
