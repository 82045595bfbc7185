//! Started fibers stay home: what is bound to an OS thread may be held across every wait; and homes are chosen well.
//!
//! Method: 2,000 fibers on 4 workers yield and sleep while each holds `rand::rng()` and an `Rc` out of a thread-local.

mod common;

use common::on;
use rand::RngCore;
use sisal::fiber;
use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

thread_local! {
    static SHARED: Rc<Cell<u64>> = Rc::new(Cell::new(0));
}

/// Yields and sleeps; the worker it ran on, if it never ran on another thread.
fn wander(n: u64) -> usize {
    let (thread, home) = (thread::current().id(), fiber::current().home().unwrap());
    let shared = SHARED.with(Rc::clone);
    let mut rng = rand::rng();
    for round in 0..10 {
        let before = shared.get();
        shared.set(before + 1);
        if (n + round) % 5 == 0 {
            fiber::sleep(Duration::from_micros(rng.next_u64() % 200));
        } else {
            fiber::yield_now();
        }
        assert_eq!(thread::current().id(), thread, "a started fiber has changed its thread");
        assert_eq!(fiber::current().home(), Some(home));
        assert!(SHARED.with(|own| Rc::ptr_eq(own, &shared)));
    }
    home
}

#[test]
fn no_fiber_changes_its_thread_and_every_worker_is_a_home() {
    let homes = on(4, || {
        let handles: Vec<_> = (0..2_000).map(|n| fiber::spawn(move || wander(n))).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect::<HashSet<_>>()
    });
    assert_eq!(homes, HashSet::from([0, 1, 2, 3]));
}

#[test]
fn homes_are_chosen_by_count_also_when_fibers_come_one_by_one() {
    let homes = on(2, || {
        let handles: Vec<_> = (0..1_000)
            .map(|_| {
                // Parks at once, so that no thief ever sees more than one fresh task.
                let handle = fiber::spawn(|| {
                    fiber::park();
                    fiber::current().home().unwrap()
                });
                fiber::yield_now();
                handle
            })
            .collect();
        handles.iter().for_each(|handle| handle.fiber().unpark());
        handles.into_iter().map(|handle| handle.join().unwrap()).collect::<Vec<_>>()
    });
    let first = homes.iter().filter(|&&home| home == 0).count();
    assert!((300..=700).contains(&first), "{first} of 1,000 fibers live on worker 0");
}

/// Were the other one started as soon as this one yields, no worker that sleeps would be awake in time to take it. Each try is a runtime
/// of its own: one whose workers come too late, on a busy machine, is not soon asked again. Where orders are drawn (`SISAL_CHAOS`), who is
/// to start the other is drawn as well.
#[test]
fn two_that_go_on_yielding_come_to_live_on_two_workers() {
    const TRIES: usize = 500;
    if std::env::var_os("SISAL_CHAOS").is_some() {
        return;
    }
    let live_apart = || {
        on(2, || {
            // So that the other worker has nothing to do.
            fiber::sleep(Duration::from_millis(1));
            let yields = || (0..1_000).for_each(|_| fiber::yield_now());
            let other = fiber::spawn(move || {
                yields();
                fiber::current().home()
            });
            yields();
            other.join().unwrap() != fiber::current().home()
        })
    };
    assert!((0..TRIES).any(|_| live_apart()), "{TRIES} times both lived on one worker");
}

#[test]
fn a_home_can_be_asked_for() {
    on(4, || {
        for index in 0..8 {
            let handle = fiber::Builder::new().home(index).spawn(|| fiber::current().home()).unwrap();
            assert_eq!(handle.join().unwrap(), Some(index % 4));
            let near =
                fiber::Builder::new().near(&fiber::current()).spawn(|| fiber::current().home()).unwrap();
            assert_eq!(near.join().unwrap(), fiber::current().home());
        }
    });
}
