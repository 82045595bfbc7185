//! Two thieves and the owner never get the same item.
//!
//! Method: three threads, capacity 4; each thief steals once.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_queue::{Steal, deque, deque_starting_at};

#[test]
fn holds() {
    model("deque_two_thieves", Bounds::new(3, 17_000), || {
        let ledger = Ledger::<3>::new();
        let (local, stealer) = deque_starting_at::<usize, 4>(u16::MAX);
        let thieves: Vec<_> = (0..2)
            .map(|_| {
                let (ledger, stealer) = (ledger.clone(), stealer.clone());
                thread::spawn(move || {
                    let (mine, _) = deque::<usize, 4>();
                    if let Steal::Taken { first, .. } = stealer.steal_half_into(&mine) {
                        ledger.take(first);
                    }
                    std::iter::from_fn(|| mine.pop_old()).for_each(|item| ledger.take(item));
                })
            })
            .collect();
        for item in 0..3 {
            local.push(ledger.give(item)).unwrap();
        }
        local.pop_young().into_iter().for_each(|item| ledger.take(item));
        thieves.into_iter().for_each(|thief| thief.join().unwrap());
        std::iter::from_fn(|| local.pop_old()).for_each(|item| ledger.take(item));
        ledger.settle();
    });
}
