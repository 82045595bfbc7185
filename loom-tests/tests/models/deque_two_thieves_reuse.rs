//! One claim at a time: a second thief is turned away until the first has given its slots back, also when slots are
//! used again.
//!
//! Method: three threads, capacity 2.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_queue::{Steal, deque, deque_starting_at};

#[test]
fn holds() {
    model("deque_two_thieves_reuse", Bounds::new(4, 8_500), || {
        let ledger = Ledger::<3>::new();
        let (local, stealer) = deque_starting_at::<usize, 2>(u16::MAX);
        let thieves: Vec<_> = (0..2)
            .map(|_| {
                let (ledger, stealer) = (ledger.clone(), stealer.clone());
                thread::spawn(move || {
                    let (mine, _) = deque::<usize, 2>();
                    if let Steal::Taken { first, moved } = stealer.steal_half_into(&mine) {
                        assert_eq!(moved, 0);
                        ledger.take(first);
                    }
                })
            })
            .collect();
        for item in 0..3 {
            if let Err(item) = local.push(ledger.give(item)) {
                ledger.take(item);
            }
        }
        thieves.into_iter().for_each(|thief| thief.join().unwrap());
        std::iter::from_fn(|| local.pop_young()).for_each(|item| ledger.take(item));
        ledger.settle();
    });
}
