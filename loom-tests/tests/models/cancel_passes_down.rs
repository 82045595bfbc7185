//! A flag that is entered inside of another is raised with it, whenever it is entered.
//!
//! Method: an agent enters one inside of the other while the outer one is raised; in the end the inner one is, too.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_park::cancel::{CancelFlag, enter};
use std::sync::Arc;

#[test]
fn holds() {
    model("cancel_passes_down", Bounds::unbounded(10), || {
        let (outer, inner) = (Arc::new(CancelFlag::new()), Arc::new(CancelFlag::new()));
        let canceller = {
            let outer = Arc::clone(&outer);
            thread::spawn(move || outer.raise())
        };
        enter(&outer, || {
            enter(&inner, || {
                assert!(canceller.join().unwrap());
                assert!(inner.is_raised());
            });
        });
    });
}
