//! Nobody goes on before all have come, in each round; and a round's call does not reach who waits in the next one.
//!
//! Method: four agents, so that the last to come calls more than one batch, and two rounds. In each round each agent writes a
//! cell of its own before the barrier and reads all cells of the round after it.

use loom_tests::{Bounds, Watched, model, spawn_each, with_agent};
use sisal_base::sync::Arc;
use sisal_sync::Barrier;

const AGENTS: usize = 4;

struct Shared {
    barrier: Barrier,
    rounds: [[Watched; AGENTS]; 2],
}

#[test]
fn holds() {
    model("barrier_rounds", Bounds::new(1, 81_676), || {
        with_agent(|| {
            let shared = Arc::new(Shared { barrier: Barrier::new(AGENTS), rounds: Default::default() });
            let others = spawn_each(AGENTS - 1, &shared, come);
            come(&shared, AGENTS - 1);
            for other in others {
                other.join().unwrap();
            }
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
