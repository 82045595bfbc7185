//! A writer is alone; readers see what the writers before them did; who waits is let in.
//!
//! Method: two writers and a reader that comes twice, around a cell that loom watches.

use loom_tests::{Bounds, Watched, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::RwLock;

#[test]
fn holds() {
    model("rwlock_excludes", Bounds::new(2, 41_405), || {
        with_agent(|| {
            let lock = Arc::new(RwLock::new(Watched::new()));
            let others = spawn_each(2, &lock, |lock, index| match index {
                0 => {
                    let first = lock.read().get();
                    assert!(first <= lock.read().get());
                }
                _ => lock.write().add(),
            });
            lock.write().add();
            for other in others {
                other.join().unwrap();
            }
            assert_eq!(lock.read().get(), 2);
            assert!(!lock.is_locked());
        });
    });
}
