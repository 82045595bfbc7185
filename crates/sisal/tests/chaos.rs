//! Chaos: a seed makes the unlikely happen, and nothing wrong.
//!
//! Method: one worker must show orders over some seeds that production does not show (which has one, but for what the clock
//! brings: a look around between two turns); and a ledger under chaos on more workers stays whole.

mod common;

use common::WORKERS;
use sisal::runtime::Runtime;
use sisal::sync::{Mutex, WaitGroup};
use sisal::{channel, fiber, go};
use std::collections::HashSet;

fn order(chaos: Option<u64>) -> Vec<usize> {
    let builder = Runtime::builder().workers(1);
    let builder = chaos.into_iter().fold(builder, |builder, seed| builder.chaos(seed));
    builder.build().unwrap().run(|| {
        let order = Mutex::new(Vec::new());
        fiber::scope(|s| {
            for index in 0..8 {
                let order = &order;
                s.spawn(move || {
                    order.lock().push(index);
                    fiber::yield_now();
                    order.lock().push(index + 100);
                });
            }
        });
        order.into_inner()
    })
}

#[test]
fn seeds_give_orders_that_production_does_not() {
    let usual: HashSet<_> = (0..20).map(|_| order(None)).collect();
    let orders: HashSet<_> = (0..20).map(|seed| order(Some(seed))).collect();
    assert!(orders.difference(&usual).count() > 5, "{orders:?} and usually {usual:?}");
}

#[test]
fn a_ledger_stays_whole() {
    const PRODUCERS: usize = 4;
    const MESSAGES: usize = 500;
    for workers in WORKERS {
        for seed in 0..4 {
            let runtime = Runtime::builder().workers(workers).chaos(seed).build().unwrap();
            runtime.run(|| {
                let (tx, rx) = channel::bounded(2);
                let group = WaitGroup::new();
                for producer in 0..PRODUCERS {
                    let (tx, group) = (tx.clone(), group.clone());
                    go! {
                        for sequence in 0..MESSAGES {
                            tx.send((producer, sequence)).unwrap();
                        }
                        drop(group);
                    };
                }
                drop(tx);
                let mut next = [0; PRODUCERS];
                for (producer, sequence) in rx {
                    assert_eq!(next[producer], sequence, "lost, doubled or out of order");
                    next[producer] += 1;
                }
                group.wait();
                assert_eq!(next, [MESSAGES; PRODUCERS]);
            });
        }
    }
}
