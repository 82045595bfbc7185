//! Who waits for a group goes on when all others are gone, and sees what each of them did.
//!
//! Method: two others, a cell each that loom watches.

use loom_tests::{Bounds, Watched, model, spawn, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::WaitGroup;

#[test]
fn holds() {
    model("wait_group_waits_for_all", Bounds::new(3, 9293), || {
        with_agent(|| {
            let group = WaitGroup::new();
            let cells = Arc::new([Watched::new(), Watched::new()]);
            let others: Vec<_> = (0..2)
                .map(|index| {
                    let (group, cells) = (group.clone(), cells.clone());
                    spawn(move || {
                        cells[index].add();
                        drop(group);
                    })
                })
                .collect();
            group.wait();
            assert_eq!(cells[0].get() + cells[1].get(), 2);
            for other in others {
                other.join().unwrap();
            }
        });
    });
}
