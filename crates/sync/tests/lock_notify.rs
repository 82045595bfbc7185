//! One notice is kept, and no more; one for all reaches only those who wait.

use sisal_sync::Notify;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(1);

#[test]
fn one_notice_is_kept() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    notify.wait();
    assert!(!notify.wait_timeout(SHORT));
}

#[test]
fn a_notice_for_all_is_not_kept() {
    let notify = Notify::new();
    assert_eq!(notify.notify_all(), 0);
    assert!(!notify.wait_timeout(SHORT));
}

#[test]
fn every_notice_ends_one_wait() {
    const ROUNDS: u32 = 300;
    let (there, back, count) = (Notify::new(), Notify::new(), AtomicU32::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                there.wait();
                count.fetch_add(1, Ordering::Relaxed);
                back.notify_one();
            }
        });
        for round in 1..=ROUNDS {
            there.notify_one();
            back.wait();
            assert_eq!(count.load(Ordering::Relaxed), round);
        }
    });
}

#[test]
fn all_who_wait_are_reached() {
    let (notify, reached) = (Notify::new(), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                notify.wait();
                reached.fetch_add(1, Ordering::Relaxed);
            });
        }
        let mut count = 0;
        while count < 20 {
            count += notify.notify_all();
            std::thread::yield_now();
        }
        assert_eq!(count, 20);
    });
    assert_eq!(reached.into_inner(), 20);
}
