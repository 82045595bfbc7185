//! Who wants many permits and gives up lets those in whom it has held back.
//!
//! Method: one of two permits is taken. Somebody wants both and gives up at once, and somebody else wants one. The first is given
//! back only after the other was in.

use loom_tests::{Bounds, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::Semaphore;
use std::time::Duration;

#[test]
fn holds() {
    model("semaphore_gives_up", Bounds::new(3, 756), || {
        with_agent(|| {
            let semaphore = Arc::new(Semaphore::new(2));
            let stays = semaphore.acquire();
            let mut others = spawn_each(2, &semaphore, |semaphore, index| match index {
                0 => assert!(semaphore.try_acquire_many_for(2, Duration::from_secs(1)).is_none()),
                _ => drop(semaphore.acquire()),
            });
            let one = others.pop().expect("two");
            one.join().unwrap();
            others.pop().expect("one").join().unwrap();
            drop(stays);
            assert_eq!(semaphore.available(), 2);
        });
    });
}
