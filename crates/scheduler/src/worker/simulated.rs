//! A worker of a simulation: the same turns and the same fibers, but the OS thread is shared with the other workers.
//!
//! Knows nothing of whose turn it is; see [`sim`](crate::sim).

use super::Worker;
use crate::sim::Outcome;
use crate::spawn::Builder;
use crate::task::TaskRef;
use sisal_park::Agent;

/// Turns that others get, at the most, before a call that blocks begins, and again before its end is seen.
const TURNS_A_CALL: usize = 4;

impl Worker {
    /// As [`run`](Self::run), on a stack of its own, which it leaves after each turn and whenever it would sleep.
    pub(crate) fn run_simulated(&self) {
        let sim = self.sim().expect("a worker of a simulation");
        while let Some(task) = self.next() {
            let fiber = task.to_ref();
            sim.begin_turn(fiber.header());
            sisal_park::agent::spend_next();
            self.resume(task);
            sim.end_turn(self.index, outcome(&fiber));
            drop(fiber);
            sim.pause(self.index);
        }
        self.leave();
    }
}

/// What has become of a fiber that has had its turn.
fn outcome(fiber: &TaskRef) -> Outcome {
    if fiber.is_complete() {
        return Outcome::Ended;
    }
    // Not complete, and all who could end it are on this thread: its record is there, if it has started.
    match fiber.header().record() {
        None => Outcome::Sent,
        Some(record) if fiber.header().word.is_parked() => Outcome::Parked(record.reason.get()),
        Some(_) => Outcome::Ready,
    }
}

/// A call that blocks: it happens here, at a chosen moment, and its end is seen at another.
pub(super) fn call(agent: &dyn Agent, job: &mut (dyn FnMut() + Send)) {
    let wait = || (0..agent.choose(TURNS_A_CALL)).for_each(|_| agent.yield_now());
    wait();
    job();
    wait();
}

/// A call that blocks and that nobody waits for: a fiber of its own.
pub(super) fn submit(job: Box<dyn FnOnce() + Send>) {
    drop(Builder::new().name("blocking call").spawn(job).expect("a fiber for a call that blocks"));
}
