//! A condition variable loses no notice between unlocking the mutex and going to sleep.
//!
//! Method: two threads pass a turn to and fro, each waiting without a deadline; a lost notice is a test that never ends.

use sisal_sync::{Condvar, Mutex};

#[test]
fn a_turn_goes_to_and_fro() {
    const TURNS: u32 = 500;
    let (turn, changed) = (Mutex::new(0), Condvar::new());
    std::thread::scope(|scope| {
        for parity in 0..2 {
            let (turn, changed) = (&turn, &changed);
            scope.spawn(move || {
                let mut turn = turn.lock();
                while *turn < TURNS {
                    if *turn % 2 == parity {
                        *turn += 1;
                        changed.notify_one();
                    } else {
                        changed.wait(&mut turn);
                    }
                }
                changed.notify_one();
            });
        }
    });
    assert_eq!(turn.into_inner(), TURNS);
}

#[test]
fn a_notice_is_used_up_by_one_who_returns() {
    // As many notices as waits, of which some give up by themselves: if one that gave up swallowed a notice, the count
    // of those who say that they were notified would be too small.
    const WAITERS: usize = 4;
    let (mutex, changed) = (Mutex::new(()), Condvar::new());
    let (mut sent, mut received) = (0, 0);
    for _ in 0..10 {
        std::thread::scope(|scope| {
            let waiters: Vec<_> = (0..WAITERS)
                .map(|_| {
                    scope.spawn(|| {
                        let timeout = std::time::Duration::from_micros(100);
                        !changed.wait_for(&mut mutex.lock(), timeout).timed_out()
                    })
                })
                .collect();
            for _ in 0..WAITERS * 20 {
                sent += usize::from(changed.notify_one());
                std::thread::yield_now();
            }
            received += waiters
                .into_iter()
                .filter_map(|waiter| waiter.join().ok())
                .filter(|&notified| notified)
                .count();
        });
    }
    assert_eq!(sent, received);
}
