//! `park` and `unpark`: a permit is never lost, and other waits do not eat it.

mod common;

use common::{on_each_size, some};
use sisal::fiber;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

#[test]
fn each_permit_ends_a_park() {
    on_each_size(|| {
        let rounds = AtomicUsize::new(0);
        fiber::scope(|s| {
            let parker = s.spawn(|| {
                while rounds.load(Relaxed) < some(200, 5) {
                    fiber::park();
                    rounds.fetch_add(1, Relaxed);
                }
            });
            let (parker, rounds) = (parker.fiber(), &rounds);
            s.spawn(move || {
                for round in 0..some(200, 5) {
                    while rounds.load(Relaxed) < round {
                        fiber::yield_now();
                    }
                    parker.unpark();
                }
            });
        });
    });
}

#[test]
fn a_permit_before_the_park_is_kept_across_other_waits() {
    on_each_size(|| {
        fiber::current().unpark();
        fiber::spawn(|| fiber::sleep(Duration::from_micros(50))).join().unwrap();
        fiber::sleep(Duration::from_micros(50));
        fiber::park();
    });
}

#[test]
fn a_park_times_out() {
    on_each_size(|| {
        let start = Instant::now();
        fiber::park_timeout(Duration::from_millis(2));
        assert!(start.elapsed() >= Duration::from_millis(2));
        fiber::park_timeout(Duration::ZERO);
    });
}

#[test]
fn threads_unpark_fibers_and_fibers_threads() {
    let thread = fiber::current();
    std::thread::scope(|s| {
        let handle = fiber::spawn(fiber::park);
        let parked = handle.fiber();
        s.spawn(move || parked.unpark());
        handle.join().unwrap();
    });
    fiber::spawn(move || thread.unpark());
    fiber::park();
}

#[test]
fn an_unpark_of_the_ended_does_nothing() {
    on_each_size(|| {
        let handle = fiber::spawn(|| ());
        let fiber = handle.fiber();
        handle.join().unwrap();
        (0..10).for_each(|_| fiber.unpark());
    });
}

common::in_simulations! {
    each_permit_ends_a_park,
    a_permit_before_the_park_is_kept_across_other_waits,
}
