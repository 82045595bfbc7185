//! Who sees a flag raised sees those raised that were below it, though nobody has told it yet.
//!
//! Method: an agent has entered one inside of the other when another begins to raise the outer one, and looks at that until it is
//! raised.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_park::cancel::{CancelFlag, enter};
use std::sync::Arc;

#[test]
fn holds() {
    model("cancel_lowest_first", Bounds::unbounded(53), || {
        let (outer, inner) = (Arc::new(CancelFlag::new()), Arc::new(CancelFlag::new()));
        enter(&outer, || {
            enter(&inner, || {
                let raised = Arc::clone(&outer);
                let canceller = thread::spawn(move || raised.raise());
                while !outer.is_raised() {
                    thread::yield_now();
                }
                assert!(inner.is_raised());
                assert!(canceller.join().unwrap());
            });
        });
    });
}
