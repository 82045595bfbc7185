//! Two owners may steal from each other at the same time, and neither takes more than it has room for.
//!
//! Method: two threads, capacity 4, both queues full at first, so that loot goes into slots that the other has just
//! emptied, or nowhere.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_queue::{Local, Steal, Stealer, deque_starting_at};

fn full(ledger: &Ledger<8>, first: usize) -> (Local<usize, 4>, Stealer<usize, 4>) {
    let (local, stealer) = deque_starting_at(u16::MAX);
    (first..first + 4).for_each(|item| local.push(ledger.give(item)).unwrap());
    (local, stealer)
}

fn steal(ledger: &Ledger<8>, own: &Local<usize, 4>, other: &Stealer<usize, 4>) {
    for _ in 0..2 {
        if let Steal::Taken { first, .. } = other.steal_half_into(own) {
            ledger.take(first);
        }
    }
}

#[test]
fn holds() {
    model("deque_mutual", Bounds::unbounded(9_000), || {
        let ledger = Ledger::<8>::new();
        let (a, from_a) = full(&ledger, 0);
        let (b, from_b) = full(&ledger, 4);
        let peer = {
            let ledger = ledger.clone();
            thread::spawn(move || {
                steal(&ledger, &a, &from_b);
                a
            })
        };
        steal(&ledger, &b, &from_a);
        let a = peer.join().unwrap();
        for queue in [&a, &b] {
            std::iter::from_fn(|| queue.pop_old()).for_each(|item| ledger.take(item));
        }
        ledger.settle();
    });
}
