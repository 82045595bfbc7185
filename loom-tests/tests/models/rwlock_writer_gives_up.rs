//! A writer that gives up lets those in whom it has held back.
//!
//! Method: while one reader stays inside, a writer gives up at once and another reader comes. The first one leaves only after
//! the second was in.

use loom_tests::{Bounds, Watched, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::RwLock;
use std::time::Duration;

#[test]
fn holds() {
    model("rwlock_writer_gives_up", Bounds::new(3, 922), || {
        with_agent(|| {
            let lock = Arc::new(RwLock::new(Watched::new()));
            let stays = lock.read();
            let mut others = spawn_each(2, &lock, |lock, index| match index {
                0 => assert!(lock.try_write_for(Duration::from_secs(1)).is_none()),
                _ => assert_eq!(lock.read().get(), 0),
            });
            let reader = others.pop().expect("two");
            reader.join().unwrap();
            others.pop().expect("one").join().unwrap();
            assert_eq!(stays.get(), 0);
            drop(stays);
            assert!(lock.try_write().is_some());
        });
    });
}
