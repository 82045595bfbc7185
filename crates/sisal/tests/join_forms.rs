//! Several at once: tuples, lists, races and sets, with their panics and their cancels.
//!
//! Method: fibers meet at a barrier, which they could not if they ran one after the other.

mod common;

use common::{on, on_each_size};
use sisal::fiber::{self, JoinSet};
use sisal::sync::Barrier;
use sisal::{channel, join, time};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn text(payload: &(dyn std::any::Any + Send)) -> &str {
    payload.downcast_ref::<&str>().copied().unwrap_or("?")
}

fn fails(why: &'static str) {
    std::panic::resume_unwind(Box::new(why));
}

#[test]
fn a_tuple_runs_at_once_and_keeps_its_order() {
    on_each_size(|| {
        let barrier = Barrier::new(3);
        let (a, b, c) = join!(
            {
                barrier.wait();
                1_u8
            },
            {
                barrier.wait();
                "two"
            },
            {
                barrier.wait();
                vec![3]
            },
        );
        assert_eq!((a, b, c), (1, "two", vec![3]));
    });
}

#[test]
fn it_works_on_a_thread() {
    let shared = [1, 2, 3];
    let (sum, len) = join!(shared.iter().sum::<i32>(), shared.len());
    assert_eq!((sum, len), (6, 3));
}

#[test]
fn eight_closures() {
    let nested = fiber::join((|| 1, || 2, || 3, || 4, || 5, || 6, || 7, || fiber::join((|| 8,))));
    assert_eq!(nested, (1, 2, 3, 4, 5, 6, 7, (8,)));
}

#[test]
fn a_panic_waits_for_the_others() {
    on_each_size(|| {
        let ended = AtomicUsize::new(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            join!(
                fails("first"),
                {
                    time::sleep(Duration::from_millis(2));
                    ended.fetch_add(1, Ordering::Relaxed);
                },
                {
                    time::sleep(Duration::from_millis(2));
                    ended.fetch_add(1, Ordering::Relaxed);
                }
            )
        }));
        assert_eq!(text(&*result.unwrap_err()), "first");
        assert_eq!(ended.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_list_keeps_its_order() {
    on_each_size(|| {
        let barrier = Barrier::new(20);
        let all = fiber::join_all((0..20).map(|n| {
            let barrier = &barrier;
            move || {
                barrier.wait();
                n * n
            }
        }));
        assert_eq!(all, (0..20).map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(fiber::join_all(Vec::<fn() -> u8>::new()), []);
    });
}

#[test]
fn the_first_wins_and_the_losers_are_cancelled() {
    on_each_size(|| {
        let start = Instant::now();
        let cancelled = AtomicUsize::new(0);
        let winner = fiber::race((0..5).map(|n| {
            let cancelled = &cancelled;
            move || {
                time::sleep(Duration::from_secs(if n == 3 { 0 } else { 60 }));
                if fiber::is_cancelled() {
                    cancelled.fetch_add(1, Ordering::Relaxed);
                }
                n
            }
        }));
        assert_eq!(winner, Some(3));
        assert_eq!(cancelled.load(Ordering::Relaxed), 4);
        assert!(start.elapsed() < Duration::from_secs(30), "the losers were waited for");
        assert_eq!(fiber::race(Vec::<fn() -> u8>::new()), None);
    });
}

#[test]
fn a_race_whose_winner_panics_panics() {
    on_each_size(|| {
        let result = catch_unwind(|| {
            fiber::race([0, 1].map(|n| {
                move || {
                    if n == 0 {
                        std::panic::resume_unwind(Box::new("the winner"));
                    }
                    time::sleep(Duration::from_secs(60));
                }
            }))
        });
        assert_eq!(text(&*result.unwrap_err()), "the winner");
    });
}

#[test]
fn a_set_gives_results_as_they_come() {
    on_each_size(|| {
        let mut set = JoinSet::new();
        let (go, wait) = channel::bounded::<usize>(0);
        for _ in 0..10 {
            let wait = wait.clone();
            set.spawn(move || wait.recv().unwrap());
        }
        assert_eq!(set.len(), 10);
        assert!(set.try_join_next().is_none());
        for n in 0..10 {
            go.send(n).unwrap();
            assert_eq!(set.join_next().unwrap().unwrap(), n);
        }
        assert!(set.is_empty() && set.join_next().is_none());
    });
}

#[test]
fn a_panic_is_one_result_of_a_set() {
    on_each_size(|| {
        let mut set = JoinSet::new();
        set.spawn(|| 1);
        set.spawn(|| std::panic::resume_unwind(Box::new("one of them")));
        set.spawn(|| 3);
        let (good, bad): (Vec<_>, Vec<_>) = set.join_all().into_iter().partition(Result::is_ok);
        let mut good: Vec<i32> = good.into_iter().map(Result::unwrap).collect();
        good.sort_unstable();
        assert_eq!(good, [1, 3]);
        assert_eq!(text(&*bad.into_iter().next().unwrap().unwrap_err()), "one of them");
    });
}

#[test]
fn a_dropped_set_cancels() {
    on(2, || {
        let (ended, seen) = channel::bounded(3);
        let mut set = JoinSet::new();
        for _ in 0..3 {
            let ended = ended.clone();
            set.spawn(move || {
                time::sleep(Duration::from_secs(60));
                ended.try_send(fiber::is_cancelled()).unwrap();
            });
        }
        fiber::yield_now();
        drop(set);
        for _ in 0..3 {
            assert_eq!(seen.recv_timeout(Duration::from_secs(10)), Ok(true));
        }
    });
}
