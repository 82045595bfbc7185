//! Goal: a fiber that has parked is woken whether its park is committed yet or not, and is seen to wait meanwhile.
//! Method: one worker, on which one fiber parks and the next one holds the thread: so the first stays uncommitted, while it is
//! woken from elsewhere, from here, or from both.

use sisal::runtime::{FiberState, Runtime};
use sisal::{channel, fiber};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 300;

fn runtime() -> Runtime {
    Runtime::builder().workers(1).hog_threshold(Duration::MAX).build().unwrap()
}

fn spin_until(is_true: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_true() {
        assert!(Instant::now() < end, "it does not happen");
        thread::yield_now();
    }
}

#[test]
fn woken_from_elsewhere_while_the_next_one_runs() {
    let (ask, asked) = channel::bounded::<u32>(0);
    let (tell, told) = channel::unbounded::<u32>();
    let sent = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&sent);
    let sender = thread::spawn(move || {
        for round in asked {
            tell.send(round).unwrap();
            counter.store(round, Ordering::Release);
        }
    });
    runtime().run(move || {
        for round in 1..=ROUNDS {
            let told = told.clone();
            let waits = fiber::spawn(move || told.recv().unwrap());
            fiber::yield_now();
            // `waits` has parked just before, and nobody commits it while this one runs.
            ask.send(round).unwrap();
            spin_until(|| sent.load(Ordering::Acquire) == round);
            assert_eq!(waits.join().unwrap(), round);
        }
    });
    sender.join().unwrap();
}

#[test]
fn woken_from_here_and_from_elsewhere() {
    runtime().run(|| {
        for _ in 0..ROUNDS {
            let (tell, told) = channel::unbounded::<u32>();
            let waits = fiber::spawn(move || told.iter().sum::<u32>());
            fiber::yield_now();
            let here = tell.clone();
            let other = sisal::spawn_blocking(move || tell.send(1).unwrap());
            here.send(2).unwrap();
            drop(here);
            other.join().unwrap();
            assert_eq!(waits.join().unwrap(), 3);
        }
    });
}

#[test]
fn nobody_runs_after_it() {
    let runtime = runtime();
    for round in 0..ROUNDS {
        let (tell, told) = channel::unbounded::<u32>();
        let waits = runtime.spawn(move || told.recv().unwrap());
        tell.send(round).unwrap();
        assert_eq!(waits.join().unwrap(), round);
    }
}

#[test]
fn unparked_while_the_next_one_runs() {
    runtime().run(|| {
        for _ in 0..ROUNDS {
            let waits = fiber::spawn(fiber::park);
            fiber::yield_now();
            let (waiting, done) = (waits.fiber().clone(), Arc::new(AtomicBool::new(false)));
            let flag = Arc::clone(&done);
            let other = thread::spawn(move || {
                waiting.unpark();
                flag.store(true, Ordering::Release);
            });
            spin_until(|| done.load(Ordering::Acquire));
            waits.join().unwrap();
            other.join().unwrap();
        }
    });
}

#[test]
fn it_is_seen_to_wait() {
    let runtime = Arc::new(runtime());
    let (tell, told) = channel::unbounded::<u32>();
    let (hold, holds) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (held, holding) = (Arc::clone(&hold), Arc::clone(&holds));
    let holder = runtime.spawn(move || {
        let waits =
            fiber::Builder::new().name("waits".to_owned()).spawn(move || told.recv().unwrap()).unwrap();
        fiber::yield_now();
        holding.store(true, Ordering::Release);
        spin_until(|| !held.load(Ordering::Acquire));
        waits.join().unwrap()
    });
    spin_until(|| holds.load(Ordering::Acquire));
    let dump = runtime.dump();
    let seen = dump.fibers.iter().find(|seen| seen.name.as_deref() == Some("waits"));
    let state = seen.map(|seen| seen.state);
    hold.store(false, Ordering::Release);
    tell.send(1).unwrap();
    assert_eq!(holder.join().unwrap(), 1);
    // On systems whose held workers cannot be asked, nothing is said of it.
    assert!(matches!(state, Some(FiberState::Parked) | None), "{dump}");
}
