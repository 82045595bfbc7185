//! The owner may take from both ends while a thief copies, and afterwards the whole capacity is there again.
//!
//! Method: two threads, capacity 4. At the end the queue is filled: a slot that neither end counts any more is missed.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_queue::{Steal, deque, deque_starting_at};

#[test]
fn holds() {
    model("deque_two_ends", Bounds::unbounded(5_100), || {
        let ledger = Ledger::<3>::new();
        let (local, stealer) = deque_starting_at::<usize, 4>(u16::MAX);
        let thief = {
            let ledger = ledger.clone();
            thread::spawn(move || {
                let (mine, _) = deque::<usize, 4>();
                if let Steal::Taken { first, .. } = stealer.steal_half_into(&mine) {
                    ledger.take(first);
                }
                std::iter::from_fn(|| mine.pop_young()).for_each(|item| ledger.take(item));
            })
        };
        for item in 0..3 {
            local.push(ledger.give(item)).unwrap();
        }
        local.pop_old().into_iter().for_each(|item| ledger.take(item));
        local.pop_young().into_iter().for_each(|item| ledger.take(item));
        thief.join().unwrap();
        std::iter::from_fn(|| local.pop_old()).for_each(|item| ledger.take(item));
        ledger.settle();
        (0..4).for_each(|item| local.push(item).expect("all four slots are free"));
        assert_eq!(local.push(4), Err(4));
    });
}
