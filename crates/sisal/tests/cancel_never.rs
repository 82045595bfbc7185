//! Goal: what has to happen in any case is not cut short: locks, joins, barriers, `blocking`, what stands under a shield.
//! Method: a fiber that is cancelled in each way begins such a wait, and another ends it later; the wait has seen that.

mod common;

use common::cancel::{Way, cancelled, each_way};
use common::{eventually, on_each_size};
use sisal::sync::{Barrier, Mutex, Once, RwLock, Semaphore, WaitGroup};
use sisal::{fiber, time};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// In a fiber that is cancelled in each way: calls `wait`, which `end` ends, called by another fiber a while after.
fn really_waits<S: Send + Sync + 'static>(
    new: impl Fn() -> S,
    wait: impl Fn(&S) + Copy + Send + 'static,
    end: impl Fn(&S) + Copy + Send + 'static,
) {
    each_way(|way, yields| {
        let (shared, ended) = (Arc::new(new()), Arc::new(AtomicBool::new(false)));
        let (theirs, theirs_ended) = (Arc::clone(&shared), Arc::clone(&ended));
        let other = fiber::spawn(move || {
            time::sleep(Duration::from_micros(100 * yields as u64 + 500));
            theirs_ended.store(true, SeqCst);
            end(&theirs);
        });
        let had_ended = cancelled(way, yields, move || {
            wait(&shared);
            ended.load(SeqCst)
        });
        assert!(had_ended, "cut short, cancelled by {way:?} after {yields}");
        other.join().unwrap();
    });
}

/// In a fiber that is cancelled in each way: calls `wait`, while another is inside of `hold` and calls what that is given.
fn waits_for_holder<S: Send + Sync + 'static>(
    new: impl Fn() -> S,
    hold: impl Fn(&S, &dyn Fn()) + Copy + Send + 'static,
    wait: impl Fn(&S) + Copy + Send + 'static,
) {
    each_way(|way, yields| {
        let (shared, inside) = (Arc::new(new()), Arc::new(AtomicUsize::new(0)));
        let (theirs, theirs_inside) = (Arc::clone(&shared), Arc::clone(&inside));
        let holder = fiber::spawn(move || {
            hold(&theirs, &|| {
                theirs_inside.store(1, SeqCst);
                time::sleep(Duration::from_micros(100 * yields as u64 + 500));
                theirs_inside.store(2, SeqCst);
            });
        });
        eventually("somebody is inside", || inside.load(SeqCst) > 0);
        let seen = cancelled(way, yields, move || {
            wait(&shared);
            inside.load(SeqCst)
        });
        assert_eq!(seen, 2, "cut short, cancelled by {way:?} after {yields}");
        holder.join().unwrap();
    });
}

#[test]
fn locks() {
    on_each_size(|| {
        let write = |lock: &RwLock<()>, inside: &dyn Fn()| {
            let _guard = lock.write();
            inside();
        };
        waits_for_holder(
            || Mutex::new(()),
            |mutex, inside| {
                let _guard = mutex.lock();
                inside();
            },
            |mutex| drop(mutex.lock()),
        );
        waits_for_holder(|| RwLock::new(()), write, |lock| drop(lock.read()));
        waits_for_holder(|| RwLock::new(()), write, |lock| drop(lock.write()));
    });
}

#[test]
fn initialisations() {
    on_each_size(|| {
        waits_for_holder(
            Once::new,
            |once, inside| once.call_once(inside),
            |once| once.call_once(|| unreachable!("the other is inside")),
        );
    });
}

#[test]
fn semaphores_and_wait_groups() {
    on_each_size(|| {
        really_waits(|| Semaphore::new(0), |s| s.acquire().forget(), |s| s.add_permits(1));
        let group = || Mutex::new((Some(WaitGroup::new()), None::<WaitGroup>));
        let with_two = move || {
            let both = group();
            let second = both.lock().0.clone();
            both.lock().1 = second;
            both
        };
        really_waits(
            with_two,
            |both| {
                let mine = both.lock().0.take();
                mine.unwrap().wait();
            },
            |both| drop(both.lock().1.take()),
        );
    });
}

#[test]
fn barriers() {
    on_each_size(|| {
        really_waits(
            || Barrier::new(2),
            |barrier| {
                barrier.wait();
            },
            |barrier| {
                barrier.wait();
            },
        );
    });
}

#[test]
fn joins() {
    on_each_size(|| {
        each_way(|way, yields| {
            let value = cancelled(way, yields, move || {
                let detached = fiber::spawn(move || {
                    time::sleep(Duration::from_micros(100 * yields as u64 + 500));
                    1
                });
                let mut scoped = 0;
                fiber::scope(|s| {
                    let scoped = &mut scoped;
                    s.spawn(move || {
                        time::shield(|| time::sleep(Duration::from_millis(1)));
                        *scoped = 2;
                    });
                });
                detached.join().unwrap() + scoped
            });
            assert_eq!(value, 3);
        });
    });
}

#[test]
fn blocking_jobs_borrow_their_callers_frame() {
    on_each_size(|| {
        each_way(|way, yields| {
            let sum = cancelled(way, yields, move || {
                let mut local = [1, 2, 3];
                sisal::blocking(|| {
                    std::thread::sleep(Duration::from_micros(100 * yields as u64 + 200));
                    local[0] = 10;
                });
                local.iter().sum::<i32>()
            });
            assert_eq!(sum, 15);
        });
    });
}

#[test]
fn what_stands_under_a_shield() {
    on_each_size(|| {
        each_way(|way, yields| {
            cancelled(way, yields, move || {
                time::shield(|| {
                    let start = time::now();
                    let pause = Duration::from_micros(100 * yields as u64 + 500);
                    time::sleep(pause);
                    assert!(start.elapsed() >= pause && !fiber::is_cancelled());
                });
                if !matches!(way, Way::Handle | Way::Token | Way::ChildToken | Way::Scope | Way::Parent) {
                    assert!(fiber::is_cancelled());
                }
            });
        });
    });
}
