//! Goal: the frames of a computation on a stack of its own are open while it runs, and at no other time; a cancel finds its flags all
//! the same; and when it, or its agent, ends before them, they are closed without either.
//! Method: such a stack is another thread's, which runs only while this one waits for it, and in the name of the same agent.

mod common;

use common::{SECOND, TestAgent, as_agent, flag};
use sisal_park::agent::install;
use sisal_park::cancel::{CancelFlag, Detached, check, enter, with_deadline};
use sisal_park::{Agent, Cause, with_current};
use std::mem::transmute;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

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

/// A computation that has stopped, on a stack of its own.
struct Stopped {
    go_on: Sender<()>,
    stops: Receiver<()>,
    thread: JoinHandle<()>,
}

/// For the other thread: the test's, which waits as long as it is used there.
struct Lent<T>(T);

// SAFETY: only one of the two threads runs at a time, and they hand over by channels.
unsafe impl<T> Send for Lent<T> {}

impl<T> Lent<T> {
    fn get(self) -> T {
        self.0
    }
}

impl Stopped {
    /// Runs `f` on a new stack in the name of the current agent, until it stops by calling what it is given.
    fn begin(f: impl FnOnce(&dyn Fn()) + 'static) -> Self {
        let (go_on, goes_on) = channel();
        let (stop, stops) = channel();
        let agent = with_current(|agent| {
            // SAFETY: only the lifetime goes; whoever resumes is that agent.
            unsafe { transmute::<NonNull<dyn Agent + '_>, NonNull<dyn Agent>>(NonNull::from(agent)) }
        });
        let lent = Lent((f, agent));
        let thread = thread::spawn(move || {
            let (f, agent) = lent.get();
            // SAFETY: it lives as long as the computation is resumed, but for what closes frames, which asks for no agent.
            unsafe { install(Some(agent)) };
            f(&|| {
                stop.send(()).unwrap();
                goes_on.recv().unwrap();
            });
        });
        let stopped = Self { go_on, stops, thread };
        stopped.stops.recv().unwrap();
        stopped
    }

    /// Until it stops again.
    fn resume(&self) {
        self.go_on.send(()).unwrap();
        self.stops.recv().unwrap();
    }

    fn finish(self) {
        self.go_on.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

#[test]
fn frames_that_are_left_open_are_seen_inside_alone() {
    as_agent(|agent| {
        let (computation, past) = (Detached::new(), agent.now());
        assert!(!computation.is_open());
        let stopped = computation.run(&agent.scopes, || {
            Stopped::begin(move |stop| {
                with_deadline(past, || {
                    assert_eq!(check(), Err(Cause::Deadline));
                    stop();
                    assert_eq!(check(), Err(Cause::Deadline), "it is back");
                    stop();
                });
                stop();
            })
        });
        assert!(computation.is_open());
        agent.assert_not_cancelled();
        // With a frame of its resumer's open, and with none.
        let outer = flag();
        enter(&outer, || {
            outer.raise();
            computation.run(&agent.scopes, || stopped.resume());
            assert_eq!(check(), Err(Cause::Asked), "the resumer's own is back");
        });
        agent.assert_not_cancelled();
        assert!(computation.is_open());
        computation.run(&agent.scopes, || stopped.resume());
        assert!(!computation.is_open());
        agent.assert_not_cancelled();
        stopped.finish();
    });
}

#[test]
fn so_they_are_when_nothing_was_open_before() {
    as_agent(|agent| {
        let (computation, past, own) = (Detached::new(), agent.now(), agent.id());
        let claim = move |claimed| assert_eq!(claimed, own);
        let begin = || Stopped::begin(move |stop| with_deadline(past, stop).0);
        let stopped = computation.run_current(claim, begin);
        assert!(computation.is_open());
        agent.assert_not_cancelled();
        computation.run_current(claim, || {
            assert_eq!(check(), Err(Cause::Deadline));
            stopped.finish();
        });
        assert!(!computation.is_open());
        agent.assert_not_cancelled();
    });
}

#[test]
fn a_flag_that_is_left_open_is_raised_when_the_agent_is_asked() {
    as_agent(|agent| {
        let (computation, inner, outer) = (Detached::new(), flag(), flag());
        let entered = Arc::clone(&inner);
        let begin = || Stopped::begin(move |stop| enter(&entered, stop));
        let stopped = computation.run(&agent.scopes, begin);
        enter(&outer, || {
            agent.ask();
            assert!(inner.is_raised() && outer.is_raised());
        });
        computation.run(&agent.scopes, || stopped.finish());
        assert_eq!(Arc::strong_count(&inner), 1);
    });
}

/// Values of that size, some of which lie where one was freed a moment ago, with all bits set.
struct Takers<const SIZE: usize>(Vec<Box<[u8; SIZE]>>);

impl<const SIZE: usize> Takers<SIZE> {
    fn new() -> Self {
        Self((0..100).map(|_| Box::new([0xff; SIZE])).collect())
    }

    fn assert_untouched(&self) {
        assert!(
            self.0.iter().all(|taker| taker.iter().all(|byte| *byte == 0xff)),
            "what was freed is written to"
        );
    }
}

#[test]
fn who_ends_before_its_frames_is_not_touched_when_they_close() {
    let begin = || {
        let at = with_current(|agent| agent.now()) + SECOND;
        Stopped::begin(move |stop| with_deadline(at, stop).0)
    };
    // The computation ends; its stack goes on by itself.
    as_agent(|agent| {
        let computation = Detached::new();
        let stopped = computation.run(&agent.scopes, begin);
        drop(computation);
        let takers = Takers::<{ size_of::<usize>() }>::new();
        stopped.finish();
        takers.assert_untouched();
        agent.assert_not_cancelled();
    });
    // The agent does.
    let agent = Box::new(TestAgent::new());
    let mut stopped = None;
    agent.run(|| stopped = Some(begin()));
    drop(agent);
    let takers = Takers::<{ size_of::<TestAgent>() }>::new();
    stopped.unwrap().finish();
    takers.assert_untouched();
}
