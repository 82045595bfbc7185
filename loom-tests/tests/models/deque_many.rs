//! Items that are put there at once are taken once each, and no slot is written before the thief that has claimed it has read it.
//!
//! Method: two threads, capacity 2, two pairs. The owner makes room where the second finds none, and keeps what does not fit.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_queue::{Steal, deque, deque_starting_at};

#[test]
fn holds() {
    model("deque_many", Bounds::unbounded(170), || {
        let ledger = Ledger::<4>::new();
        let (local, stealer) = deque_starting_at::<usize, 2>(u16::MAX);
        let thief = {
            let ledger = ledger.clone();
            thread::spawn(move || {
                let (mine, _) = deque::<usize, 2>();
                if let Steal::Taken { first, .. } = stealer.steal_half_into(&mine) {
                    ledger.take(first);
                }
                std::iter::from_fn(|| mine.pop_old()).for_each(|item| ledger.take(item));
            })
        };
        for pair in [[0, 1], [2, 3]] {
            let mut items = pair.map(|item| ledger.give(item)).to_vec();
            let mut items = items.drain(..);
            local.push_many(&mut items);
            if !items.as_slice().is_empty() {
                local.pop_young().into_iter().for_each(|item| ledger.take(item));
                local.push_many(&mut items);
            }
            items.for_each(|item| ledger.take(item));
        }
        thief.join().unwrap();
        std::iter::from_fn(|| local.pop_young()).for_each(|item| ledger.take(item));
        ledger.settle();
    });
}
