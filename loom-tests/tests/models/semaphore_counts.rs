//! No more are in than there are permits; who wants many gets them in its turn; all permits come back.
//!
//! Method: two permits. Two agents want both, around a cell that loom watches, and one wants one.

use loom_tests::{Bounds, Watched, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::Semaphore;

#[test]
fn holds() {
    model("semaphore_counts", Bounds::new(2, 11_517), || {
        with_agent(|| {
            let shared = Arc::new((Semaphore::new(2), Watched::new()));
            let others = spawn_each(2, &shared, |(semaphore, count), index| {
                let permits = semaphore.acquire_many(index + 1);
                if permits.count() == 2 {
                    count.add();
                }
            });
            {
                let _permits = shared.0.acquire_many(2);
                shared.1.add();
            }
            for other in others {
                other.join().unwrap();
            }
            assert_eq!(shared.0.available(), 2);
            let _permits = shared.0.acquire_many(2);
            assert_eq!(shared.1.get(), 2);
        });
    });
}
