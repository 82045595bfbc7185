//! The lock that is left to one thread for a while lets one in at a time, also while it is asked for or taken from that thread, and the next
//! one sees what the last one did.
//!
//! Method: who has taken it once is its owner; another one comes between its next times, and becomes the owner in turn (everywhere else
//! loom's mutex stands for the lock). Patience ends at once, so that an owner is disowned in the midst of giving it up, and who has
//! disowned it is the owner at its third time.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::biased::BiasedLock;
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("biased_lock_excludes", Bounds::new(3, 6_297), || {
        let count = Arc::new(BiasedLock::new(0, ()));
        *count.lock_as(8) += 1;
        let other = {
            let count = count.clone();
            thread::spawn(move || {
                *count.lock_as(16) += 1;
                *count.lock_as(16) += 1;
                *count.lock_as(16) += 1;
            })
        };
        *count.lock_as(8) += 1;
        *count.lock_as(8) += 1;
        other.join().unwrap();
        assert_eq!(*count.lock_as(16), 6);
    });
}
