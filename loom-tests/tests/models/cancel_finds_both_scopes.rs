//! An agent that is asked to end while it enters a second flag, on a stack from which the first is not seen, raises both.
//!
//! Method: an agent enters a flag, and another one in a computation of its own inside; it leaves such a pair, enters another
//! and parks under that, and is asked by another thread meanwhile. A flag that is not raised is one that nobody would wake.

use loom_tests::{Asked, Bounds, model};
use sisal_park::cancel::{CancelFlag, Detached, enter};
use sisal_park::with_current;
use std::sync::Arc;

fn enter_both(f: impl FnOnce(&CancelFlag, &CancelFlag)) {
    let (first, second) = (Arc::new(CancelFlag::new()), Arc::new(CancelFlag::new()));
    let computation = Detached::new();
    enter(&first, || {
        with_current(|agent| {
            computation.run(agent.cancel_scopes(), || enter(&second, || f(&first, &second)))
        });
    });
}

#[test]
fn holds() {
    model("cancel_finds_both_scopes", Bounds::new(2, 2367), || {
        Asked::run(|asked| {
            enter_both(|_, _| ());
            enter_both(|first, second| {
                asked.park_until_cancelled();
                assert!(first.is_raised() && second.is_raised());
            });
        });
    });
}
