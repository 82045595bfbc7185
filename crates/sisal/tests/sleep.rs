//! Sleeping: never too short, in the order of the deadlines, for any duration.

mod common;

use common::{on, on_each_size, some};
use sisal::{fiber, go, time};
use std::sync::Mutex;
use std::time::Duration;

#[test]
fn a_sleep_is_never_too_short() {
    on_each_size(|| {
        fiber::scope(|s| {
            for micros in [0, 1, 10, 100, 1_000, 5_000] {
                s.spawn(move || {
                    let (start, duration) = (time::now(), Duration::from_micros(micros));
                    time::sleep(duration);
                    assert!(time::now() - start >= duration);
                });
            }
        });
    });
}

#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    on(1, || {
        // From one moment on, and far apart: the system may keep the worker waiting between their starts.
        let (order, start) = (Mutex::new(Vec::new()), time::now());
        fiber::scope(|s| {
            for millis in [90, 30, 60, 10] {
                let order = &order;
                s.spawn(move || {
                    time::sleep_until(start + Duration::from_millis(millis));
                    order.lock().unwrap().push(millis);
                });
            }
        });
        assert_eq!(*order.lock().unwrap(), [10, 30, 60, 90]);
    });
}

#[test]
fn endless_sleeps_are_fine() {
    let runtime = sisal::runtime::Runtime::builder().workers(2).build().unwrap();
    let sleepers: Vec<_> =
        [Duration::MAX, Duration::from_secs(u64::MAX / 4), Duration::from_secs(86_400 * 365 * 5)]
            .into_iter()
            .map(|duration| runtime.spawn(move || time::sleep(duration)))
            .collect();
    runtime.run(|| time::sleep(Duration::from_millis(5)));
    assert!(sleepers.iter().all(|sleeper| !sleeper.is_finished()));
    // The shutdown's cancel ends them.
    runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
    sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
}

#[test]
fn many_timers_fire_on_time_beside_busy_fibers() {
    on_each_size(|| {
        let sleepers: Vec<_> = (0..some(500_u64, 50))
            .map(|n| {
                go! {
                    let start = time::now();
                    time::sleep(Duration::from_micros(n * 20));
                    time::now() - start >= Duration::from_micros(n * 20)
                }
            })
            .collect();
        assert!(sleepers.into_iter().all(|sleeper| sleeper.join().unwrap()));
    });
}

common::in_simulations! {
    a_sleep_is_never_too_short,
    many_timers_fire_on_time_beside_busy_fibers,
}
