//! An agent that is asked to end while it enters or leaves its first flag is cancelled, and so is that flag if it was inside.
//!
//! Method: an agent enters a flag and parks under it, enters another one after that, and is asked by another thread meanwhile.
//! A question that is lost is a deadlock.

use loom_tests::{Asked, Bounds, model};
use sisal_park::cancel::{CancelFlag, enter};
use std::sync::Arc;

#[test]
fn holds() {
    model("cancel_finds_first_scope", Bounds::new(2, 650), || {
        Asked::run(|asked| {
            let (left, flag) = (Arc::new(CancelFlag::new()), Arc::new(CancelFlag::new()));
            enter(&left, || ());
            enter(&flag, || {
                asked.park_until_cancelled();
                assert!(flag.is_raised());
            });
        });
    });
}
