//! A wait group's wait ends when every other handle is gone, and shows what their owners did.

use sisal_sync::WaitGroup;
use std::sync::atomic::{AtomicU32, Ordering};

#[test]
fn waits_for_all_clones() {
    for _ in 0..20 {
        let (group, done) = (WaitGroup::new(), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                let (group, done) = (group.clone(), &done);
                scope.spawn(move || {
                    // A handle may be cloned while others wait already.
                    let another = group.clone();
                    done.fetch_add(1, Ordering::Relaxed);
                    drop((group, another));
                });
            }
            group.wait();
            assert_eq!(done.load(Ordering::Relaxed), 6);
        });
    }
}

#[test]
fn many_may_wait() {
    let group = WaitGroup::new();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            let group = group.clone();
            scope.spawn(move || group.wait());
        }
        assert!(format!("{group:?}").contains("count"));
        group.wait();
    });
}
