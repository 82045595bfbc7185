//! An upgradable reader becomes the writer once the other readers have left, and sees and excludes as a writer does.
//!
//! Method: one upgrades beside a reader and a writer that downgrades, around a cell that loom watches.

use loom_tests::{Bounds, Watched, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::{RwLock, RwLockUpgradableReadGuard, RwLockWriteGuard};

#[test]
fn holds() {
    model("rwlock_upgrade", Bounds::new(2, 28_766), || {
        with_agent(|| {
            let lock = Arc::new(RwLock::new(Watched::new()));
            let others = spawn_each(2, &lock, |lock, index| match index {
                0 => {
                    let reader = lock.upgradable_read();
                    let before = reader.get();
                    let writer = RwLockUpgradableReadGuard::upgrade(reader);
                    assert_eq!(writer.get(), before);
                    writer.add();
                }
                _ => {
                    let writer = lock.write();
                    writer.add();
                    assert!(RwLockWriteGuard::downgrade(writer).get() > 0);
                }
            });
            assert!(lock.read().get() <= 2);
            for other in others {
                other.join().unwrap();
            }
            assert_eq!(lock.read().get(), 2);
            assert!(lock.try_write().is_some());
        });
    });
}
