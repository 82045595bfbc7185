//! New readers do not pass a writer that waits; recursive ones do, since the writer waits for them.
//!
//! Method: a reader looks whether the writer has parked, which it does in line only, and then tries both.

use loom_tests::{Bounds, Watched, model, spawn_seen, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::RwLock;

#[test]
fn holds() {
    model("rwlock_writer_is_not_passed", Bounds::new(3, 1_415), || {
        with_agent(|| {
            let lock = Arc::new(RwLock::new(Watched::new()));
            let reader = lock.read();
            let (writer, parks) = {
                let lock = lock.clone();
                spawn_seen(move || lock.write().add())
            };
            if parks.begun() > 0 {
                assert!(lock.try_read().is_none(), "passed a writer that waits");
            }
            assert!(lock.try_read_recursive().is_some());
            assert_eq!(reader.get(), 0);
            drop(reader);
            writer.join().unwrap();
            assert_eq!(lock.read().get(), 1);
        });
    });
}
