//! A notice to one is kept if nobody waits, and carries what the notifier did.
//!
//! Method: one waits, one writes and notifies, in any order.

use loom_tests::{Bounds, Watched, model, spawn, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::Notify;

#[test]
fn holds() {
    model("notify_is_kept", Bounds::unbounded(466), || {
        with_agent(|| {
            let shared = Arc::new((Notify::new(), Watched::new()));
            let other = {
                let shared = shared.clone();
                spawn(move || {
                    shared.1.add();
                    shared.0.notify_one();
                })
            };
            shared.0.wait();
            assert_eq!(shared.1.get(), 1);
            other.join().unwrap();
        });
    });
}
