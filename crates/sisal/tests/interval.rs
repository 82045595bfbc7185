//! Ticks: none too early, none drifting, and missed ones as chosen. (Which instants are planned is a unit test beside
//! `Interval`; here are the waits.)

mod common;

use common::on_each_size;
use sisal::time::{self, MissedTicks};
use sisal::{fiber, go};
use std::time::Duration;

#[test]
fn no_tick_comes_early_and_none_drifts() {
    on_each_size(|| {
        let period = Duration::from_micros(700);
        let mut interval = time::interval(period);
        let first = interval.tick();
        for n in 1..=20 {
            let planned = interval.tick();
            assert!(time::now() >= planned);
            assert_eq!(planned, first + period * n);
        }
    });
}

#[test]
fn a_burst_makes_up_for_all_and_a_skip_for_one() {
    on_each_size(|| {
        let period = Duration::from_millis(2);
        for (missed, at_once) in [(MissedTicks::Burst, 5), (MissedTicks::Delay, 1), (MissedTicks::Skip, 1)] {
            let mut interval = time::interval(period);
            interval.set_missed_ticks(missed);
            interval.tick();
            time::sleep(period * 5);
            let back = time::now();
            let late = (0..at_once).filter(|_| interval.tick() <= back).count();
            assert_eq!(late, at_once, "{missed:?}");
            if missed != MissedTicks::Burst {
                assert!(interval.tick() > back, "{missed:?}: one tick for all that were missed");
            }
        }
    });
}

#[test]
fn a_cancel_ends_the_wait_for_a_tick() {
    on_each_size(|| {
        let ticking = go! {
            let mut interval = time::interval(Duration::from_secs(3600));
            while !fiber::is_cancelled() {
                interval.tick();
            }
        };
        fiber::yield_now();
        ticking.cancel();
        ticking.join().unwrap();
    });
}

#[test]
#[should_panic(expected = "must not be zero")]
fn a_period_of_zero_is_refused() {
    time::interval(Duration::ZERO);
}
