//! Who drives a future lets others run when that has woken itself; a bare thread's waits end by its own deadlines; and a waiter that would
//! leave its frame while others can reach it ends the process.
//!
//! Method: an agent that counts its turns; the agent of the test's own thread; a child process.

mod common;

use common::as_agent;
use sisal_park::cancel::{Cause, check, with_deadline};
use sisal_park::{WaitQueue, Waiter, block_on, with_current};
use std::future::poll_fn;
use std::mem::ManuallyDrop;
use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

static CALLED: AtomicBool = AtomicBool::new(false);

#[test]
fn a_future_that_wakes_itself_lets_others_run() {
    as_agent(|agent| {
        let mut polls = 0;
        block_on(poll_fn(|context| {
            polls += 1;
            if polls == 4 {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        }));
        assert_eq!((polls, agent.yields.get()), (4, 3));
    });
}

#[test]
fn a_future_is_polled_once_for_each_call_and_no_more() {
    let (mut polls, mut caller) = (0, None);
    block_on(poll_fn(|context| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        caller = Some(std::thread::spawn(move || {
            // One who polls without being called comes to its second poll before that.
            std::thread::sleep(Duration::from_millis(20));
            CALLED.store(true, Ordering::SeqCst);
            waker.wake();
        }));
        Poll::Pending
    }));
    assert!(CALLED.load(Ordering::SeqCst));
    caller.unwrap().join().unwrap();
}

#[test]
fn a_bare_thread_has_scopes_of_its_own() {
    assert_eq!(with_deadline(Instant::now(), check).0, Err(Cause::Deadline));
    assert_eq!(check(), Ok(()));
}

#[test]
fn a_waiter_that_leaves_while_it_waits_ends_the_process() {
    const CHILD: &str = "SISAL_TEST_LEAVES";
    if std::env::var_os(CHILD).is_some() {
        let mut queue = ManuallyDrop::new(WaitQueue::new());
        let waiter = pin!(with_current(|agent| Waiter::of_waker(agent.waker())));
        // SAFETY: not kept, which is what ends the process.
        unsafe { queue.push(waiter.as_ref()) };
        return;
    }
    let test = "a_waiter_that_leaves_while_it_waits_ends_the_process";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stderr);
    assert!(!child.status.success() && text.contains("a waiter left its stack while in a queue"), "{text}");
}
