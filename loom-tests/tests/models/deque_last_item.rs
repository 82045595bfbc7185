//! The owner's youngest and a thief's oldest may be the same item: one of them gets it.
//!
//! Method: two threads, capacity 4, indices that wrap. The owner pushes and takes at the young end while a thief steals.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_queue::{Steal, deque, deque_starting_at};

#[test]
fn holds() {
    model("deque_last_item", Bounds::unbounded(77_000), || {
        let ledger = Ledger::<3>::new();
        let (local, stealer) = deque_starting_at::<usize, 4>(u16::MAX);
        let thief = {
            let ledger = ledger.clone();
            thread::spawn(move || {
                let (mine, _) = deque::<usize, 4>();
                for _ in 0..2 {
                    if let Steal::Taken { first, .. } = stealer.steal_half_into(&mine) {
                        ledger.take(first);
                    }
                }
                std::iter::from_fn(|| mine.pop_old()).for_each(|item| ledger.take(item));
            })
        };
        for item in 0..2 {
            local.push(ledger.give(item)).unwrap();
        }
        local.pop_young().into_iter().for_each(|item| ledger.take(item));
        local.push(ledger.give(2)).unwrap();
        std::iter::from_fn(|| local.pop_young()).for_each(|item| ledger.take(item));
        thief.join().unwrap();
        ledger.settle();
    });
}
