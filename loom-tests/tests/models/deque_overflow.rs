//! What overflows goes out in its order, once, whatever a thief does meanwhile.
//!
//! Method: two threads, capacity 2, five items, so that the queue overflows and its indices wrap.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_queue::{Steal, deque, deque_starting_at};

#[test]
fn holds() {
    model("deque_overflow", Bounds::unbounded(27_000), || {
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
            if let Err(item) = local.push(ledger.give(item)) {
                let mut before = None;
                local.take_older_half(&mut |item| {
                    assert!(before.replace(item) < Some(item), "out of order");
                    ledger.take(item);
                });
                if let Err(item) = local.push(item) {
                    ledger.take(item);
                }
            }
        }
        thief.join().unwrap();
        std::iter::from_fn(|| local.pop_old()).for_each(|item| ledger.take(item));
        ledger.settle();
    });
}
