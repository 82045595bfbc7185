//! A slot is not written before the thief that has claimed it has read it.
//!
//! Method: two threads, capacity 2. The owner goes once round the ring while the thief copies.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_queue::{Steal, deque, deque_starting_at};

#[test]
fn holds() {
    model("deque_slot_reuse", Bounds::unbounded(32_000), || {
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
        for item in 0..4 {
            let mut refused = local.push(ledger.give(item));
            if let Err(item) = refused {
                let taken = if item % 2 == 0 { local.pop_old() } else { local.pop_young() };
                taken.into_iter().for_each(|item| ledger.take(item));
                refused = local.push(item);
            }
            // The thief is still at work on the other slot.
            if let Err(item) = refused {
                ledger.take(item);
            }
        }
        thief.join().unwrap();
        std::iter::from_fn(|| local.pop_young()).for_each(|item| ledger.take(item));
        ledger.settle();
    });
}
