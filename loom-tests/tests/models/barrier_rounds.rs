//! Nobody goes on before all have come, in each round; and a round's call does not reach who waits in the next one.
//!
//! Method: three fibers, more than a batch of wakers holds in a model, and two threads; two rounds. Who wakes a fiber runs it at
//! once, so the first one stands in the next round's line before the last one is called. In each round each agent writes a
//! cell of its own before the barrier and reads all cells of the round after it.

use loom_tests::{Bounds, Fiber, Watched, model, spawn, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::Barrier;

const FIBERS: usize = 3;
const AGENTS: usize = FIBERS + 2;

struct Shared {
    barrier: Barrier,
    rounds: [[Watched; AGENTS]; 2],
}

#[test]
fn holds() {
    model("barrier_rounds", Bounds::new(3, 1339), || {
        with_agent(|| {
            let shared = Arc::new(Shared { barrier: Barrier::new(AGENTS), rounds: Default::default() });
            let fibers: Vec<_> = (0..FIBERS)
                .map(|own| {
                    let shared = shared.clone();
                    Fiber::new(move || come(&shared, own))
                })
                .collect();
            fibers.iter().for_each(|fiber| fiber.run());
            let other = {
                let shared = shared.clone();
                spawn(move || come(&shared, AGENTS - 2))
            };
            come(&shared, AGENTS - 1);
            other.join().unwrap();
            fibers.iter().for_each(|fiber| fiber.join());
        });
    });
}

fn come(shared: &Shared, own: usize) {
    for cells in &shared.rounds {
        cells[own].add();
        shared.barrier.wait();
        assert!(cells.iter().all(|cell| cell.get() == 1));
    }
}
