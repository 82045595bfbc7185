//! The lock for sections of ten instructions lets one in at a time, and the next one sees what the last one did.
//!
//! Method: two threads, one cell behind the lock of `sisal_base::spin` (everywhere else loom's mutex stands for it).

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::spin::SpinLock;
use sisal_base::sync::Arc;

#[test]
fn holds() {
    model("spin_lock_excludes", Bounds::new(3, 9), || {
        let count = Arc::new(SpinLock::new(0));
        let other = {
            let count = count.clone();
            thread::spawn(move || *count.lock() += 1)
        };
        *count.lock() += 1;
        other.join().unwrap();
        assert_eq!(*count.lock(), 2);
    });
}
