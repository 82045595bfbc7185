//! One fiber spawns many that compute for a while: how fast do the workers get to know, and how busy are they?
//!
//! ```text
//! asleep ──rung by who has work──▶ searching ──found──▶ busy ──nothing left──▶ searching ──20 µs──▶ asleep
//! ```
//!
//! The rules are the scheduler's: a spawner offers its work at each spawn, and a busy worker at each 16th turn, if somebody
//! sleeps; at most one worker searches, and when it has found something it rings the next; a thief takes the older half of a
//! queue of at most 256, what does not fit there goes to the injector, from which 32 are taken at a time.

use super::{Draws, Ns};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Measured on two cores; see the README.
const SPAWN: Ns = 45;
const TURN: Ns = 25;
/// What it takes to ring, and how long until the rung one runs.
const RING: Ns = 6_500;
const ARRIVAL: Ns = 15_000;
/// A look at one other worker's length, and at the injector; a theft.
const LOOK: Ns = 15;
const STEAL: Ns = 300;
const SPIN: Ns = 20_000;
const SINGLE: Ns = 2_000;
const FRESH_MAX: usize = 256;
const INJECTOR_BATCH: usize = 32;
const TURNS_AN_OFFER: u32 = 16;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Workers, of which the first spawns.
    pub workers: usize,
    /// Fibers that it spawns.
    pub fibers: usize,
    /// How long each computes.
    pub work: Ns,
}

/// What came out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Answer {
    /// When the last fiber had run.
    pub took: Ns,
    /// When the last worker got its first work; 0 if not all did.
    pub all_busy: Ns,
    /// Sleepers rung.
    pub rings: u64,
    /// Thefts.
    pub steals: u64,
}

impl Answer {
    /// How many workers' worth of work was done at a time.
    pub fn speedup(&self, question: &Question) -> f64 {
        let alone = question.fibers as f64 * (SPAWN + TURN + question.work) as f64;
        alone / self.took as f64
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Busy,
    /// Since then; and since when it has seen a single task.
    Searching {
        since: Ns,
        single: Option<Ns>,
    },
    Asleep,
    /// Rung, and on its way.
    Rising,
}

struct Worker {
    queue: usize,
    turns: u32,
    state: State,
    worked: bool,
}

struct World {
    question: Question,
    workers: Vec<Worker>,
    injector: usize,
    unspawned: usize,
    unfinished: usize,
    events: BinaryHeap<Reverse<(Ns, usize)>>,
    draws: Draws,
    answer: Answer,
}

/// Runs it to its end.
pub fn simulate(question: Question, seed: u64) -> Answer {
    let workers =
        (0..question.workers).map(|_| Worker { queue: 0, turns: 0, state: State::Asleep, worked: false });
    let mut world = World {
        question,
        workers: workers.collect(),
        injector: 0,
        unspawned: question.fibers,
        unfinished: question.fibers,
        events: BinaryHeap::new(),
        draws: Draws::new(seed),
        answer: Answer::default(),
    };
    world.workers[0].state = State::Busy;
    world.workers[0].worked = true;
    world.events.push(Reverse((0, 0)));
    while let Some(Reverse((now, index))) = world.events.pop() {
        if let Some(next) = world.step(now, index) {
            world.events.push(Reverse((next, index)));
        }
        if world.unfinished == 0 {
            break;
        }
    }
    world.answer
}

impl World {
    /// What worker `index` does now; when it is its turn again.
    fn step(&mut self, now: Ns, index: usize) -> Option<Ns> {
        match self.workers[index].state {
            State::Busy if index == 0 && self.unspawned > 0 => Some(self.spawn(now)),
            State::Busy => Some(self.turn(now, index)),
            State::Rising => {
                self.workers[index].state = State::Searching { since: now, single: None };
                Some(now)
            }
            State::Searching { since, single } => self.search(now, index, since, single),
            State::Asleep => None,
        }
    }

    fn spawn(&mut self, now: Ns) -> Ns {
        self.unspawned -= 1;
        if self.workers[0].queue < FRESH_MAX {
            self.workers[0].queue += 1;
        } else {
            // Half of a full queue goes over at once.
            self.injector += FRESH_MAX / 2 + 1;
            self.workers[0].queue -= FRESH_MAX / 2;
        }
        now + SPAWN + self.offer(now)
    }

    fn turn(&mut self, now: Ns, index: usize) -> Ns {
        let worker = &mut self.workers[index];
        if worker.queue == 0 {
            let batch = self.injector.min(INJECTOR_BATCH);
            self.injector -= batch;
            worker.queue += batch;
        }
        if worker.queue == 0 {
            worker.state = State::Searching { since: now, single: None };
            if !self.may_search(index) {
                self.workers[index].state = State::Asleep;
            }
            return now;
        }
        worker.queue -= 1;
        worker.turns += 1;
        let offers = worker.turns.is_multiple_of(TURNS_AN_OFFER) && worker.queue > 0;
        let cost = if offers { self.offer(now) } else { 0 };
        let end = now + TURN + self.question.work + cost;
        self.unfinished -= 1;
        self.answer.took = self.answer.took.max(end);
        end
    }

    /// Rings a sleeper, if nobody searches or is on the way to; what that takes.
    fn offer(&mut self, now: Ns) -> Ns {
        let comes = |worker: &Worker| matches!(worker.state, State::Searching { .. } | State::Rising);
        let is_searched = self.workers.iter().any(comes);
        let sleeper = self.workers.iter().position(|worker| worker.state == State::Asleep);
        let Some(sleeper) = sleeper.filter(|_| !is_searched) else { return 0 };
        self.workers[sleeper].state = State::Rising;
        self.events.push(Reverse((now + ARRIVAL, sleeper)));
        self.answer.rings += 1;
        RING
    }

    fn may_search(&self, index: usize) -> bool {
        let searches = |(other, worker): (usize, &Worker)| {
            other != index && matches!(worker.state, State::Searching { .. })
        };
        !self.workers.iter().enumerate().any(searches)
    }

    fn search(&mut self, now: Ns, index: usize, since: Ns, single: Option<Ns>) -> Option<Ns> {
        let looked = now + LOOK * self.workers.len() as Ns;
        if self.injector > 0 {
            let batch = self.injector.min(INJECTOR_BATCH);
            self.injector -= batch;
            return Some(self.found(looked, index, batch));
        }
        let start = self.draws.below(self.workers.len());
        let others = (0..self.workers.len()).map(|offset| (start + offset) % self.workers.len());
        let victim = others.filter(|other| *other != index).find(|other| self.workers[*other].queue > 0);
        let Some(victim) = victim else {
            if now - since >= SPIN {
                self.workers[index].state = State::Asleep;
                return None;
            }
            self.workers[index].state = State::Searching { since, single: None };
            return Some(looked);
        };
        let queue = self.workers[victim].queue;
        let seen = single.unwrap_or(now);
        if queue == 1 && now - seen < SINGLE {
            self.workers[index].state = State::Searching { since: now, single: Some(seen) };
            return Some(looked);
        }
        let loot = queue.div_ceil(2);
        self.workers[victim].queue -= loot;
        self.answer.steals += 1;
        Some(self.found(looked + STEAL, index, loot))
    }

    /// The last searcher that finds something rings the next.
    fn found(&mut self, now: Ns, index: usize, loot: usize) -> Ns {
        let worker = &mut self.workers[index];
        worker.queue += loot;
        worker.state = State::Busy;
        if !worker.worked {
            worker.worked = true;
            if self.workers.iter().all(|worker| worker.worked) {
                self.answer.all_busy = now;
            }
        }
        now + self.offer(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(workers: usize, fibers: usize, work: Ns) -> (Question, Answer) {
        let question = Question { workers, fibers, work };
        (question, simulate(question, 1))
    }

    #[test]
    fn one_worker_does_it_all_alone() {
        let (question, answer) = ask(1, 1_000, 1_000);
        assert_eq!(answer.took, 1_000 * (SPAWN + TURN + 1_000));
        assert!((answer.speedup(&question) - 1.0).abs() < 1e-9 && answer.rings + answer.steals == 0);
    }

    #[test]
    fn more_workers_are_used_and_never_more_than_there_are() {
        for workers in [2, 8, 64] {
            let (question, answer) = ask(workers, 100_000, 100_000);
            let speedup = answer.speedup(&question);
            assert!(speedup > workers as f64 * 0.9 && speedup <= workers as f64, "{workers}: {speedup}");
            assert!(answer.all_busy > 0);
        }
    }
}
