//! Goal: a schedule by priorities finds a bug of depth `d`, among `n` fibers and `k` operations, with a probability of `1 / (n * k^(d-1))` at
//! the least, as S. Burckhardt et al. prove ("A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", 2010).
//!
//! Method: programs with one bug of a known depth, run with many seeds; which of them fail is counted, and is the same each time.

use sisal::sim::{Builder, Schedule};
use sisal::{fiber, sim, spawn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

const SEEDS: u64 = 2_000;

/// How many of the seeds fail, and the fibers and operations of the longest run.
fn failures(schedule: Schedule, program: fn() -> bool) -> (f64, f64, f64) {
    let (mut failed, mut fibers, mut operations) = (0, 0, 0);
    for seed in 0..SEEDS {
        let (is_right, run) = Builder::new().schedule(schedule).run(seed, program);
        failed += u32::from(!is_right);
        (fibers, operations) = (run.fibers.max(fibers), run.operations.max(operations));
    }
    (f64::from(failed), fibers as f64, operations as f64)
}

/// Holds the share of failures against the bound for that depth.
fn is_found(depth: u32, program: fn() -> bool) {
    let (_, _, steps) = failures(Schedule::Priorities { depth: 1, steps: 1 }, program);
    let schedule = Schedule::Priorities { depth, steps: steps as u64 };
    let (failed, fibers, steps) = failures(schedule, program);
    let bound = 1.0 / (fibers * steps.powi(depth as i32 - 1));
    let share = failed / SEEDS as f64;
    let (at_random, ..) = failures(Schedule::Random, program);
    println!(
        "depth {depth}: {fibers} fibers, {steps} operations, found by {share:.4} of the runs; bound {bound:.5}, at random {:.4}",
        at_random / SEEDS as f64
    );
    assert!(share >= bound, "{share} of the runs, less than {bound}");
}

/// Some operations at which others can be let in.
fn work(operations: u32) {
    (0..operations).for_each(|_| fiber::checkpoint());
}

/// Others that have nothing to do with it.
fn bystanders() -> Vec<sisal::fiber::JoinHandle<()>> {
    (0..3).map(|_| spawn(|| work(5))).collect()
}

/// One order of two events: the reader comes first.
fn read_too_early() -> bool {
    let value = Arc::new(AtomicU32::new(0));
    let others = bystanders();
    let writer = spawn({
        let value = Arc::clone(&value);
        move || {
            work(5);
            value.store(1, SeqCst);
        }
    });
    let reader = spawn(move || {
        work(12);
        value.load(SeqCst)
    });
    writer.join().unwrap();
    others.into_iter().for_each(|other| other.join().unwrap());
    reader.join().unwrap() == 1
}

/// One interruption at one wrong place: between look and act.
fn lost_update() -> bool {
    let value = Arc::new(AtomicU32::new(0));
    let others = bystanders();
    let add = || {
        let value = Arc::clone(&value);
        spawn(move || {
            work(5);
            let seen = value.load(SeqCst);
            work(1);
            value.store(seen + 1, SeqCst);
            work(5);
        })
    };
    let (a, b) = (add(), add());
    a.join().unwrap();
    b.join().unwrap();
    others.into_iter().for_each(|other| other.join().unwrap());
    value.load(SeqCst) == 2
}

/// Two interruptions: the first look of one falls between the two halves of the other's act, its second one after both.
fn torn_twice() -> bool {
    let value = Arc::new(AtomicU32::new(0));
    let writer = spawn({
        let value = Arc::clone(&value);
        move || {
            work(3);
            value.store(1, SeqCst);
            work(1);
            value.store(2, SeqCst);
        }
    });
    let reader = spawn(move || {
        work(3);
        let first = value.load(SeqCst);
        work(1);
        (first, value.load(SeqCst))
    });
    writer.join().unwrap();
    reader.join().unwrap() != (1, 2)
}

#[test]
fn a_bug_of_depth_1() {
    is_found(1, read_too_early);
}

#[test]
fn a_bug_of_depth_2() {
    is_found(2, lost_update);
}

#[test]
fn a_bug_of_depth_3() {
    is_found(3, torn_twice);
}

#[test]
fn a_failing_seed_fails_again_and_is_shrunk() {
    let builder = Builder::new().schedule(Schedule::Priorities { depth: 2, steps: 40 });
    let search = || builder.search(0..SEEDS, || assert!(lost_update(), "an update was lost"));
    let report = search().expect("found");
    assert_eq!(Some(&report), search().as_ref());
    // One interruption is what it takes, and that the other one runs then; of the bystanders one comes late.
    let left = report.split("found has ").nth(1).and_then(|rest| rest.split(' ').next()).map(str::parse);
    assert!(left.expect("a count").is_ok_and(|left: u32| left <= 3), "{report}");
}

#[test]
fn who_polls_lets_others_run() {
    for depth in 1..4 {
        let builder = Builder::new().schedule(Schedule::Priorities { depth, steps: 20 }).turns_max(100_000);
        builder.explore(0..100, || {
            let flag = Arc::new(AtomicU32::new(0));
            let setter = spawn({
                let flag = Arc::clone(&flag);
                move || {
                    work(3);
                    flag.store(1, SeqCst);
                }
            });
            let poller = spawn({
                let flag = Arc::clone(&flag);
                move || {
                    while flag.load(SeqCst) == 0 {
                        fiber::checkpoint();
                    }
                }
            });
            while flag.load(SeqCst) == 0 {
                sisal::yield_now();
            }
            setter.join().unwrap();
            poller.join().unwrap();
        });
    }
}

#[test]
fn many_fibers_on_many_workers() {
    let program = || {
        let fibers: Vec<_> = (0..400)
            .map(|n| {
                let builder = fiber::Builder::new();
                let builder = if n % 3 == 0 { builder.home(n) } else { builder };
                builder.spawn(move || {
                    work(2);
                    if n % 5 == 0 {
                        sisal::sleep(std::time::Duration::from_millis(n as u64));
                    }
                    n
                })
            })
            .collect();
        fibers.into_iter().map(|fiber| fiber.unwrap().join().unwrap()).sum::<usize>()
    };
    for seed in 0..10 {
        let builder = Builder::new().workers(3).schedule(Schedule::Priorities { depth: 3, steps: 1_000 });
        let (sum, run) = builder.run(seed, program);
        assert_eq!((sum, &run), (399 * 200, &builder.run(seed, program).1));
    }
    assert!(catch_unwind(AssertUnwindSafe(|| sim::run(1, || panic!("on purpose")))).is_err());
}
