//! Loot may be stolen again, by a third who never met its first owner.
//!
//! Method: three threads in a row: the owner, its thief, and the thief's thief.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_queue::{Steal, deque, deque_starting_at};

#[test]
fn holds() {
    model("deque_loot_stolen_again", Bounds::unbounded(650), || {
        let ledger = Ledger::<3>::new();
        let (local, stealer) = deque_starting_at::<usize, 4>(u16::MAX);
        let (middle, from_middle) = deque_starting_at::<usize, 4>(u16::MAX);
        let first_thief = {
            let ledger = ledger.clone();
            thread::spawn(move || {
                if let Steal::Taken { first, .. } = stealer.steal_half_into(&middle) {
                    ledger.take(first);
                }
                middle
            })
        };
        let second_thief = {
            let ledger = ledger.clone();
            thread::spawn(move || {
                let (mine, _) = deque::<usize, 4>();
                if let Steal::Taken { first, moved } = from_middle.steal_half_into(&mine) {
                    assert_eq!(moved, 0);
                    ledger.take(first);
                }
            })
        };
        for item in 0..3 {
            local.push(ledger.give(item)).unwrap();
        }
        let middle = first_thief.join().unwrap();
        second_thief.join().unwrap();
        for queue in [&local, &middle] {
            std::iter::from_fn(|| queue.pop_young()).for_each(|item| ledger.take(item));
        }
        ledger.settle();
    });
}
