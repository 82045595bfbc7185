//! One at a time is in a mutex's section, and sees what those before it did there; who waits is let in.
//!
//! Method: three agents, one section each, around a cell that loom watches. That all threads end is the rest.

use loom_tests::{Bounds, Watched, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::Mutex;

#[test]
fn holds() {
    model("mutex_excludes", Bounds::new(3, 85_179), || {
        with_agent(|| {
            let mutex = Arc::new(Mutex::new(Watched::new()));
            let others = spawn_each(2, &mutex, |mutex, _| mutex.lock().add());
            mutex.lock().add();
            for other in others {
                other.join().unwrap();
            }
            assert_eq!(mutex.lock().get(), 3);
        });
    });
}
