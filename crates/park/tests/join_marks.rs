//! What a join state says of its handle, its result and its waker, and what becomes of those.
//!
//! Method: one thread takes the steps of both sides, in each order that matters; a waker that completes the state when it is cloned
//! stands for the completer that comes in between.

mod common;

use common::as_agent;
use sisal_park::{Agent, Completed, Dropped, JoinArm, JoinState, Selectable, Ticket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{RawWaker, RawWakerVTable, Wake, Waker};

#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn complete(state: &JoinState) {
    match state.complete(false) {
        Completed::Wake(waker) | Completed::WakeLast(waker) => waker.wake(),
        Completed::Done => {}
        Completed::Unwanted => panic!("there is a handle"),
    }
}

#[test]
fn a_result_is_taken_once_and_unwanted_without_a_handle() {
    let state = JoinState::new();
    assert!(!state.is_unwanted() && !state.is_taken());
    complete(&state);
    assert!(state.is_complete() && !state.is_unwanted() && !state.is_taken());
    // SAFETY: it is there, and was not taken.
    unsafe { state.mark_taken() };
    assert!(state.is_taken() && !state.is_unwanted());
    let other = JoinState::new();
    assert_eq!(other.drop_handle(), Dropped::Done);
    assert!(other.is_unwanted() && !other.is_taken());
}

#[test]
fn a_waker_is_called_once_and_one_that_comes_late_is_not_kept() {
    let (state, counts) = (JoinState::new(), Arc::<Counts>::default());
    let waker = Waker::from(Arc::clone(&counts));
    // SAFETY: the one handle, here and below.
    assert!(unsafe { !state.poll(&waker) && !state.poll(&waker) });
    complete(&state);
    assert_eq!(counts.0.load(Ordering::Relaxed), 1);
    // SAFETY: as above.
    assert!(unsafe { state.poll(&waker) && !state.register(waker.clone().into()) });
    drop(waker);
    assert_eq!(Arc::strong_count(&counts), 1);
}

/// A waker whose clone completes the state to which it points.
const COMPLETES: RawWakerVTable = RawWakerVTable::new(
    |state| {
        // SAFETY: the test keeps it.
        complete(unsafe { &*state.cast::<JoinState>() });
        RawWaker::new(std::ptr::null(), Waker::noop().vtable())
    },
    |_| (),
    |_| (),
    |_| (),
);

#[test]
fn who_is_late_while_it_leaves_its_waker_sees_the_result() {
    let state = JoinState::new();
    // SAFETY: what the table asks: `state` outlives it.
    let waker = unsafe { Waker::from_raw(RawWaker::new((&raw const state).cast(), &COMPLETES)) };
    // SAFETY: the one handle.
    assert!(unsafe { state.poll(&waker) });
}

#[test]
fn a_handle_that_goes_takes_its_waker_along() {
    let (state, counts) = (JoinState::new(), Arc::<Counts>::default());
    // SAFETY: the one handle.
    assert!(unsafe { !state.poll(&Arc::clone(&counts).into()) });
    assert_eq!(state.drop_handle(), Dropped::Done);
    assert_eq!(Arc::strong_count(&counts), 1);
    assert!(matches!(state.complete(false), Completed::Unwanted));
    assert_eq!(counts.0.load(Ordering::Relaxed), 0);
}

#[test]
fn an_arm_is_ready_once_the_result_is_there() {
    as_agent(|agent| {
        let (state, ticket) = (JoinState::new(), Ticket::new());
        // SAFETY: the one handle, which waits in no other way.
        let arm = unsafe { JoinArm::new(&state) };
        assert!(!arm.attempt(agent) && !arm.is_ready());
        // SAFETY: both live until the arm has left.
        assert!(unsafe { arm.register(agent, &ticket, 2) });
        complete(&state);
        assert_eq!(ticket.winner(), Some(2));
        assert!(arm.attempt(agent) && arm.is_ready() && arm.accept(agent));
        // SAFETY: as above; it does not enter the line.
        assert!(unsafe { !arm.register(agent, &Ticket::new(), 0) });
    });
}

#[test]
fn an_arm_that_has_left_wins_nothing() {
    let leave: [fn(JoinArm<'_>, &dyn Agent, &Ticket); 3] = [
        |arm, agent, ticket| {
            // SAFETY: the ticket and the state live until the arm has left, here and below.
            assert!(unsafe { arm.register(agent, ticket, 0) });
            arm.unregister(false);
        },
        |arm, agent, ticket| {
            // SAFETY: as above.
            assert!(unsafe { arm.watch(agent, ticket, 0) });
            arm.unwatch(false);
        },
        |arm, agent, ticket| {
            // SAFETY: as above.
            assert!(unsafe { arm.watch(agent, ticket, 0) });
            drop(arm);
        },
    ];
    for leave in leave {
        as_agent(|agent| {
            let (state, ticket) = (JoinState::new(), Ticket::new());
            // SAFETY: the one handle, which waits in no other way.
            leave(unsafe { JoinArm::new(&state) }, agent, &ticket);
            complete(&state);
            assert_eq!(ticket.winner(), None);
        });
    }
}

#[test]
fn a_waker_that_is_taken_back_is_dropped() {
    let (state, counts) = (JoinState::new(), Arc::<Counts>::default());
    let weak: Weak<Counts> = Arc::downgrade(&counts);
    // SAFETY: the one handle.
    assert!(unsafe { state.register(Waker::from(counts).into()) && state.withdraw() });
    assert!(weak.upgrade().is_none());
    // SAFETY: as above.
    assert!(unsafe { state.withdraw() }, "there is none any more, and no result");
    complete(&state);
    // SAFETY: as above.
    assert!(unsafe { !state.withdraw() });
}
