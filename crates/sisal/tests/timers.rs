//! Goal: timers are as many, as long, as short and as often cancelled as one likes.
//! Method: counts, and the order of time; the million at once is ignored unless asked for, since their fibers take 4 GB.

mod common;

use common::{on, on_each_size, some};
use sisal::runtime::Runtime;
use sisal::{channel, fiber, go, time};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// So many fibers sleep for a minute to a month, all over the wheels, until their scope is cancelled. Gives how long it took
/// until all slept, and until all had ended.
fn arm_and_cancel(timers: usize) -> (Duration, Duration) {
    let (armed, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start = time::now();
    let all_armed = fiber::scope(|s| {
        for n in 0..timers as u64 {
            let (armed, ended) = (&armed, &ended);
            s.spawn(move || {
                armed.fetch_add(1, Ordering::Relaxed);
                time::sleep(Duration::from_secs(60 + n * 2));
                ended.fetch_add(1, Ordering::Relaxed);
            });
        }
        while armed.load(Ordering::Relaxed) < timers {
            fiber::yield_now();
        }
        assert_eq!(ended.load(Ordering::Relaxed), 0);
        let all_armed = time::now() - start;
        s.cancel();
        all_armed
    });
    assert_eq!(ended.into_inner(), timers);
    (all_armed, time::now() - start)
}

#[test]
fn ten_thousand_timers_are_armed_and_cancelled_again_and_again() {
    on_each_size(|| {
        (0..5).for_each(|_| {
            arm_and_cancel(some(10_000, 50));
        })
    });
}

#[test]
#[ignore = "a million fibers take 4 GB"]
fn a_million_timers_at_once() {
    let (armed, ended) = on(2, || arm_and_cancel(1_000_000));
    eprintln!("timers: 1,000,000 armed after {armed:?}, cancelled after {ended:?}");
}

/// One wake-up for each would be twenty.
#[test]
fn with_a_slack_one_wake_up_serves_several() {
    let runtime = Runtime::builder().workers(1).timer_slack(Duration::from_millis(100)).build().unwrap();
    let sleeps = || runtime.metrics().total.sleeps;
    let before = sleeps();
    runtime.run(|| {
        let sleeper = |ms| {
            go!(move || {
                let (begun, wanted) = (time::now(), Duration::from_millis(ms));
                time::sleep(wanted);
                assert!(time::now() - begun >= wanted, "never early");
            })
        };
        let sleepers: Vec<_> = (1..=20).map(sleeper).collect();
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
    });
    let during = sleeps() - before;
    assert!(during < 10, "{during} sleeps");
}

#[test]
fn the_shortest_and_the_longest() {
    on_each_size(|| {
        let start = time::now();
        for duration in [Duration::ZERO, Duration::from_nanos(1), Duration::from_nanos(999)] {
            time::sleep(duration);
        }
        time::sleep_until(start);
        let endless = go! {
            time::sleep(Duration::MAX);
            fiber::park_timeout(Duration::MAX);
        };
        let (_sender, receiver) = channel::bounded::<()>(0);
        let waiting = go!(move || receiver.recv_timeout(Duration::MAX).is_err());
        time::sleep(Duration::from_millis(2));
        assert!(!endless.is_finished() && !waiting.is_finished());
        endless.cancel();
        waiting.cancel();
        endless.fiber().unpark();
        endless.join().unwrap();
        assert!(waiting.join().unwrap());
    });
}

/// Were timers counted in milliseconds, none of 200 would end within one.
#[test]
fn a_sleep_ends_within_less_than_a_millisecond() {
    on_each_size(|| {
        let shortest = (0..200)
            .map(|_| {
                let start = time::now();
                time::sleep(Duration::from_micros(150));
                time::now() - start
            })
            .min();
        assert!(shortest < Some(Duration::from_millis(1)), "{shortest:?}");
        assert!(shortest >= Some(Duration::from_micros(150)), "{shortest:?}");
    });
}

common::in_simulations! {
    ten_thousand_timers_are_armed_and_cancelled_again_and_again,
    the_shortest_and_the_longest,
    a_sleep_ends_within_less_than_a_millisecond,
}
