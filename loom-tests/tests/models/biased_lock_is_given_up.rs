//! Who gives the lock up that was left to it lets the next one see what it did, and leaves it once.
//!
//! Method: its owner gives it up, and takes it again; another one waits for it, or finds it free.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::biased::BiasedLock;
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("biased_lock_is_given_up", Bounds::new(3, 1_170), || {
        let count = Arc::new(BiasedLock::new(0, ()));
        *count.lock_as(8) += 1;
        let other = {
            let count = count.clone();
            thread::spawn(move || {
                *count.lock_as(16) += 1;
                count.renounce_as(16);
            })
        };
        *count.lock_as(8) += 1;
        count.renounce_as(8);
        other.join().unwrap();
        assert_eq!(*count.lock_as(8), 3);
    });
}
