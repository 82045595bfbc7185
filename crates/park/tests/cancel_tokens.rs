//! Goal: a token is waited for, ends what runs under it, and is an arm of a select.
//! Method: an agent whose time passes only while it waits for that.

mod common;

use common::{SECOND, as_agent};
use sisal_park::cancel::{CancelToken, check};
use sisal_park::{Agent, Cause, Selectable, Ticket};
use std::time::Duration;

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
