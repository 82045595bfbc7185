//! Goal: once the kernel refuses the fence, and time must do instead, no more locks are left to a thread.
//!
//! Method: one thread under two names, and a fence that only counts and says that it is slow. A process of its own: it stays so.

use sisal_base::biased::BiasedLock;
use sisal_base::sync::asymmetric::{self, STREAK};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

static FENCES: AtomicUsize = AtomicUsize::new(0);

#[test]
fn who_owns_a_lock_loses_it_and_nobody_is_given_one_again() {
    asymmetric::enable(|| {
        FENCES.fetch_add(1, SeqCst);
        asymmetric::note_slow();
    });
    let locks = [(); 3].map(|()| BiasedLock::new(0, ()));
    let take_as = |lock: &BiasedLock<u32, ()>, token| (0..2 * STREAK).for_each(|_| *lock.lock_as(token) += 1);
    take_as(&locks[0], 8);
    take_as(&locks[1], 8);
    assert!(asymmetric::is_enabled());
    // Both were owned; the third one, and the first once more, could have been since.
    locks.iter().for_each(|lock| take_as(lock, 16));
    assert!(!asymmetric::is_enabled());
    take_as(&locks[2], 8);
    take_as(&locks[0], 8);
    assert_eq!(FENCES.load(SeqCst), 2);
    assert_eq!(locks.map(|lock| *lock.lock()), [6, 4, 4].map(|times| times * STREAK));
}
