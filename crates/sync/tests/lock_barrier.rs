//! Nobody passes a barrier before all have come, round after round, and one a round is its leader.

use sisal_sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More than are woken in one go, so that the fastest come back while the slowest are still woken.
const THREADS: usize = 20;
const ROUNDS: usize = 20;

#[test]
fn all_or_none() {
    let barrier = Barrier::new(THREADS);
    let (came, leaders) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    came.fetch_add(1, Ordering::Relaxed);
                    if barrier.wait().is_leader() {
                        leaders.fetch_add(1, Ordering::Relaxed);
                    }
                    assert!(came.load(Ordering::Relaxed) >= (round + 1) * THREADS, "passed too early");
                }
            });
        }
    });
    assert_eq!(leaders.into_inner(), ROUNDS);
}

#[test]
fn alone_nobody_waits() {
    assert!(Barrier::new(0).wait().is_leader());
    assert!(Barrier::new(1).wait().is_leader());
}
