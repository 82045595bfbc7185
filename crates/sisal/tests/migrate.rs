//! `migrate_started_fibers`: started fibers are stolen too, and nothing is lost by it.

mod common;

use common::WORKERS;
use common::turns::turns_before_a_sleeper;
use sisal::runtime::Runtime;
use sisal::{channel, fiber, go};
use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

fn migrating(workers: usize) -> Runtime {
    // SAFETY: the fibers of these tests keep nothing that is bound to a thread across a suspension.
    unsafe { Runtime::builder().workers(workers).migrate_started_fibers(true) }.build().unwrap()
}

#[test]
fn fibers_move_between_threads() {
    let runtime = migrating(4);
    let start = Instant::now();
    loop {
        let threads: HashSet<_> = runtime.run(|| {
            let handles: Vec<_> = (0..200)
                .map(|_| {
                    go! {
                        let mut threads = HashSet::new();
                        for _ in 0..50 {
                            threads.insert(thread::current().id());
                            std::hint::black_box((0..2_000_u64).sum::<u64>());
                            fiber::yield_now();
                        }
                        threads.len()
                    }
                })
                .collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        });
        if threads.iter().any(|&count| count > 1) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "no fiber has ever moved");
    }
}

#[test]
fn timers_channels_and_joins_work_wherever_the_fiber_is() {
    for workers in WORKERS {
        migrating(workers).run(|| {
            let (sender, receiver) = channel::bounded(2);
            let producers: Vec<_> = (0..8_u64)
                .map(|n| {
                    let sender = sender.clone();
                    go! {
                        for round in 0..100 {
                            if round % 20 == n {
                                fiber::sleep(Duration::from_micros(50));
                            }
                            sender.send(n).unwrap();
                        }
                    }
                })
                .collect();
            drop(sender);
            let sum: u64 = receiver.iter().sum();
            assert_eq!(sum, 28 * 100);
            producers.into_iter().for_each(|producer| producer.join().unwrap());
        });
    }
}

#[test]
fn a_timer_passes_those_that_compute() {
    assert!(migrating(1).run(turns_before_a_sleeper) <= 2);
}

/// A fiber that migrates has no worker of its own on which others could stay.
#[test]
fn local_fibers_are_refused() {
    migrating(2).run(|| assert!(fiber::Builder::new().spawn_local(|| ()).is_err()));
}
