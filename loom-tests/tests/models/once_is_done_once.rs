//! What is done once is done once, and everybody who comes by sees it done.
//!
//! Method: three agents ask for it, and read afterwards what was done, in a cell that loom watches.

use loom_tests::{Bounds, Watched, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::Once;

#[test]
fn holds() {
    model("once_is_done_once", Bounds::new(2, 3504), || {
        with_agent(|| {
            let shared = Arc::new((Once::new(), Watched::new()));
            let others = spawn_each(2, &shared, |(once, done), _| {
                once.call_once(|| done.add());
                assert_eq!(done.get(), 1);
            });
            shared.0.call_once(|| shared.1.add());
            assert_eq!(shared.1.get(), 1);
            for other in others {
                other.join().unwrap();
            }
        });
    });
}
