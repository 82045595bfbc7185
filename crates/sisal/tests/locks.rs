//! Locks among fibers, threads and both: exclusion across waits, no lost notice.

mod common;

use common::{on, on_each_size, some};
use sisal::runtime::FiberDump;
use sisal::sync::{Condvar, Mutex, WaitGroup};
use sisal::{fiber, go};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

#[test]
fn a_mutex_may_be_held_across_waits() {
    on_each_size(|| {
        let total = Mutex::new(0);
        fiber::scope(|s| {
            for n in 0..8 {
                let total = &total;
                s.spawn(move || {
                    for round in 0..some(50, 5) {
                        let mut total = total.lock();
                        let before = *total;
                        if (n + round) % 7 == 0 {
                            fiber::yield_now();
                        }
                        *total = before + 1;
                    }
                });
            }
        });
        assert_eq!(*total.lock(), some(400, 40));
    });
}

#[test]
fn threads_and_fibers_share_a_mutex() {
    on_each_size(|| {
        let total = Arc::new(Mutex::new(0));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let total = Arc::clone(&total);
                thread::spawn(move || (0..500).for_each(|_| *total.lock() += 1))
            })
            .collect();
        for _ in 0..500 {
            *total.lock() += 1;
        }
        sisal::blocking(|| threads.into_iter().for_each(|thread| thread.join().unwrap()));
        assert_eq!(*total.lock(), 1_500);
    });
}

/// Were it not so, the one that is called would wait for the end of the other's time slice, and everybody else behind it.
#[test]
fn who_keeps_a_worker_lets_one_of_it_that_is_called_have_the_mutex() {
    let passed = on(2, || {
        let (mutex, there) = (Mutex::new(()), 1 - fiber::current().home().unwrap());
        let [keeps, is_free, is_in] = [const { AtomicBool::new(false) }; 3];
        let until = |holds: &dyn Fn() -> bool| {
            while !holds() {
                fiber::yield_now();
            }
        };
        fiber::scope(|s| {
            let guard = mutex.lock();
            let waiter = fiber::Builder::new().home(there).spawn_scoped(s, || {
                let _guard = mutex.lock();
                is_in.store(true, Ordering::Release);
            });
            let waiter = waiter.unwrap();
            let waits = |fiber: &FiberDump| fiber.id == waiter.fiber().id() && fiber.waits_for.is_some();
            until(&|| sisal::dump().fibers.iter().any(waits));
            let keeper = fiber::Builder::new().home(there).spawn_scoped(s, || {
                keeps.store(true, Ordering::Release);
                while !is_free.load(Ordering::Acquire) {
                    std::hint::spin_loop();
                }
                let sections = (0..1_000_000).take_while(|_| {
                    drop(mutex.lock());
                    !is_in.load(Ordering::Acquire)
                });
                sections.count()
            });
            until(&|| keeps.load(Ordering::Acquire));
            drop(guard);
            is_free.store(true, Ordering::Release);
            waiter.join().unwrap();
            keeper.unwrap().join().unwrap()
        })
    });
    assert!(passed < 1_000, "{passed} sections before it came in");
}

#[test]
fn a_notice_is_not_lost() {
    on_each_size(|| {
        let (turn, changed) = (Mutex::new(0_u32), Condvar::new());
        fiber::scope(|s| {
            for n in 0..4 {
                let (turn, changed) = (&turn, &changed);
                s.spawn(move || {
                    for round in 0..some(20, 3) {
                        let mut turn = turn.lock();
                        changed.wait_while(&mut turn, |turn| *turn != round * 4 + n);
                        *turn += 1;
                        changed.notify_all();
                    }
                });
            }
        });
        assert_eq!(*turn.lock(), some(80, 12));
    });
}

#[test]
fn a_wait_group_waits_for_all() {
    on_each_size(|| {
        let (group, total) = (WaitGroup::new(), Arc::new(Mutex::new(0)));
        for _ in 0..50 {
            let (group, total) = (group.clone(), Arc::clone(&total));
            go! {
                fiber::yield_now();
                *total.lock() += 1;
                drop(group);
            };
        }
        group.wait();
        assert_eq!(*total.lock(), 50);
    });
}

common::in_simulations! {
    a_mutex_may_be_held_across_waits,
    a_notice_is_not_lost,
    a_wait_group_waits_for_all,
}
