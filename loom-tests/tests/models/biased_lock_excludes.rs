//! The lock that is left to its first thread lets one in at a time, also while it is taken from that thread, and the next one sees what the
//! last one did.
//!
//! Method: a thread that has taken it twice is its owner; another one comes between its next times (everywhere else loom's mutex stands for
//! the lock).

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::biased::BiasedLock;
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("biased_lock_excludes", Bounds::new(3, 245), || {
        let count = Arc::new(BiasedLock::new(0));
        *count.lock_as(8) += 1;
        let other = {
            let count = count.clone();
            thread::spawn(move || *count.lock_as(16) += 1)
        };
        *count.lock_as(8) += 1;
        *count.lock_as(8) += 1;
        other.join().unwrap();
        assert_eq!(*count.lock_as(16), 4);
    });
}
