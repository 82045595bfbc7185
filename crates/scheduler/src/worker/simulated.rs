//! A worker of a simulation: the same turns and the same fibers, but the OS thread is shared with the other workers.
//!
//! Knows nothing of whose turn it is; see [`sim`](crate::sim).

use super::Worker;
use super::ready::Ready;
use crate::current::with_worker;
use crate::sim::{About, Outcome, Sim};
use crate::spawn::Builder;
use crate::task::{Task, TaskRef};
use sisal_park::{Agent, AgentId};
use std::collections::VecDeque;
use std::rc::Rc;

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
            let outcome = outcome(&fiber);
            if let (Outcome::Parked(_), Some(record)) = (outcome, fiber.header().record()) {
                // Not the monitor's tick: a dump tells the simulation's time.
                record.parked_at.set(sim.tick());
            }
            sim.end_turn(self.index, outcome);
            drop(fiber);
            sim.pause(self.index);
        }
        self.leave();
    }

    /// The task of that number from wherever it stands here; the others keep their places.
    pub(super) fn pick_wanted(&self, sim: &Sim, wanted: u64) -> Option<Task> {
        let is_it = |task: &Task| sim.number(task.header().id.as_u64()) == wanted;
        if let Some(first) = self.first.take() {
            if is_it(&first) {
                return Some(first);
            }
            self.first.set(Some(first));
        }
        let mut found = None;
        for _ in 0..self.ready.with(|ready| ready.len()) {
            let node = self.ready.with(Ready::pop_front).expect("as many as it says");
            // SAFETY: what stands in the ready list carries the scheduler's reference.
            match unsafe { Task::from_raw(node) } {
                task if found.is_none() && is_it(&task) => found = Some(task),
                _ => self.push_home(node),
            }
        }
        if found.is_none() {
            let find = |tasks: &mut VecDeque<Task>| tasks.remove(tasks.iter().position(is_it)?);
            found = self.pick_bound(find).or_else(|| self.pick_sent(find));
        }
        // One turn round: the oldest becomes the youngest.
        for _ in 0..if found.is_none() { self.fresh.len() } else { 0 } {
            match self.fresh.pop_old() {
                Some(task) if found.is_none() && is_it(&task) => found = Some(task),
                Some(task) => self.keep(task),
                None => {}
            }
        }
        let mut others = Vec::new();
        while found.is_none() {
            match self.crew.injector.pop() {
                Some(task) if is_it(&task) => found = Some(task),
                Some(task) => others.push(task),
                None => break,
            }
        }
        others.into_iter().for_each(|task| self.crew.injector.push(task));
        if found.is_none() {
            sim.has_not(wanted, self.index, self.crew.members.len());
        }
        found
    }

    /// Tells a simulation that a fresh fiber goes to start elsewhere.
    #[inline(always)]
    pub(crate) fn note_send(&self, id: AgentId, worker: usize) {
        if let Some(sim) = self.sim() {
            sim.send(id, worker);
        }
    }

    /// Whether this worker sleeps, and a simulation only speaks in its name.
    #[inline(always)]
    pub(super) fn wakes_from_outside(&self) -> bool {
        self.sim().is_some_and(|sim| sim.is_outside())
    }

    /// Tells a simulation that a fiber is woken.
    #[inline(always)]
    pub(super) fn note_wake(&self, task: &Task) {
        if let Some(sim) = self.sim() {
            sim.wake(task.header().id);
        }
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
    let turns = || with_worker(|worker| worker.and_then(Worker::sim).map(Rc::clone));
    let wait = || {
        let turns = turns().map_or(0, |sim| sim.choose(About::BlockingEnd, TURNS_A_CALL));
        (0..turns).for_each(|_| agent.yield_now());
    };
    wait();
    job();
    wait();
}

/// A call that blocks and that nobody waits for: a fiber of its own.
pub(super) fn submit(job: Box<dyn FnOnce() + Send>) {
    drop(Builder::new().name("blocking call".into()).spawn(job).expect("a fiber for a call that blocks"));
}
