//! How the fibers of a run are scheduled: at random, or by priorities that fall at a few random points.
//!
//! Knows nothing of fibers' queues.
//!
//! The priorities are those of S. Burckhardt, P. Kothari, M. Musuvathi, S. Nagarakatte, "A Randomized Scheduler with Probabilistic
//! Guarantees of Finding Bugs" (2010), called PCT there. Each fiber is born with a random priority, above all that changes give; of those
//! that are ready the highest runs; at `d - 1` operations, drawn beforehand among `k`, the priority of who runs falls to a number of that
//! point. A bug that needs `d` things to happen in a certain order, in a program of `n` fibers and `k` operations, is found by a run with a
//! probability of `1 / (n * k^(d-1))` at the least.
//!
//! Beyond the paper: who yields falls below all others, and so does who makes so many operations in a row that it seems to poll, since
//! who polls would else starve those that it waits for; and who is passed over for four times the length that a run is to have rises above
//! all. A program that does none of this is scheduled as in the paper.

use super::choices::Choices;
use sisal_base::rng::Rng;
use std::cell::{Cell, RefCell};

/// Depths and operations that seeds try where nothing is said: most bugs are shallow, and how long a run will be is not known.
const DEPTHS: usize = 4;
const STEPS_LOG_MIN: usize = 3;
const STEPS_LOG_MAX: usize = 12;
/// Turns after which nobody is passed over any more: in so many lengths of a run, and at the least.
const PATIENCE_LENGTHS: u64 = 4;
const PATIENCE_MIN: u64 = 500;
/// One seed in so many goes by priorities.
const SEEDS_A_PLAN: usize = 3;

/// How the fibers of a simulation are scheduled; see [`Builder::schedule`](super::Builder::schedule).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Schedule {
    /// Some seeds at random, some by priorities, of depths and lengths that the seed says.
    #[default]
    Mixed,
    /// At random: every choice of the scheduler is drawn, the likely ones more often.
    Random,
    /// By priorities (S. Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", 2010): the scheduler does
    /// what it does, but of all fibers that are ready the one of the highest priority has the next turn. A run finds a bug of that
    /// depth (so many events must come in a certain order) among `n` fibers with a probability of `1 / (n * steps^(depth - 1))` or more.
    Priorities {
        /// The depth of the bugs that are looked for: 1 is an order of two events, 2 an interruption at one wrong place.
        depth: u32,
        /// So many operations the run takes at the most ([`Run::operations`](super::Run::operations)).
        steps: u64,
    },
}

/// The schedule of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Random,
    Priorities { depth: u32, steps: u64 },
}

impl Schedule {
    pub(super) fn plan(self, rng: &Rng) -> Plan {
        match self {
            Self::Random => Plan::Random,
            Self::Priorities { depth, steps } => Plan::Priorities { depth, steps },
            Self::Mixed if rng.below(SEEDS_A_PLAN) > 0 => Plan::Random,
            Self::Mixed => {
                let depth = 1 + rng.below(DEPTHS) as u32;
                let log = STEPS_LOG_MIN + rng.below(STEPS_LOG_MAX - STEPS_LOG_MIN + 1);
                Plan::Priorities { depth, steps: 1 << log }
            }
        }
    }
}

/// A fiber that could have the next turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ready {
    fiber: u64,
    /// The worker in whose queues it stands, or is looked for next (it may have been stolen), if that is known.
    worker: Option<usize>,
    /// Workers that have looked for it in vain.
    misses: usize,
    /// The turn since which it waits.
    since: u64,
}

/// Who is ready, and how much right to the next turn each fiber has.
pub(super) struct Priorities {
    /// The operations at which priorities fall, in the order in which they were drawn.
    changes: Vec<u64>,
    /// Operations so far.
    steps: Cell<u64>,
    /// By the fibers' numbers.
    levels: RefCell<Vec<i64>>,
    /// Where each was last.
    workers: RefCell<Vec<usize>>,
    /// The lowest there is, and how far one has risen that was passed over.
    lowest: Cell<i64>,
    highest: Cell<i64>,
    turns: Cell<u64>,
    /// How many of them one is passed over.
    patience: u64,
    /// In the order in which they became ready; first who was interrupted.
    ready: RefCell<Vec<Ready>>,
    /// Who is to have the next turn.
    wanted: Cell<Option<u64>>,
    /// The running fiber has no more right to go on.
    is_passed: Cell<bool>,
}

impl Priorities {
    /// Those of a run, if it goes by any.
    pub(super) fn new(choices: &Choices) -> Option<Self> {
        let Plan::Priorities { depth, steps } = choices.plan() else { return None };
        let change = |_| 1 + choices.draw() % steps.max(1);
        Some(Self {
            changes: (1..depth).map(change).collect(),
            steps: Cell::new(0),
            levels: RefCell::default(),
            workers: RefCell::default(),
            lowest: Cell::new(0),
            highest: Cell::new(i64::MAX / 2),
            turns: Cell::new(0),
            patience: steps.saturating_mul(PATIENCE_LENGTHS).max(PATIENCE_MIN),
            ready: RefCell::default(),
            wanted: Cell::new(None),
            is_passed: Cell::new(false),
        })
    }

    fn level(&self, fiber: u64) -> i64 {
        self.levels.borrow().get(fiber as usize).copied().unwrap_or(i64::MIN)
    }

    fn set_level(&self, fiber: u64, level: i64) {
        let mut levels = self.levels.borrow_mut();
        if levels.len() <= fiber as usize {
            levels.resize(fiber as usize + 1, i64::MIN);
        }
        levels[fiber as usize] = level;
    }

    /// A fiber is born, or has been sent to a worker.
    pub(super) fn enter(&self, fiber: u64, worker: Option<usize>, running: u64, choices: &Choices) {
        if self.level(fiber) == i64::MIN {
            // Above all that changes give; two alike are unlikely.
            self.set_level(fiber, (choices.draw() >> 2) as i64 | 1 << 32);
        }
        self.set_ready(fiber, worker, running);
    }

    /// A fiber that has run before is woken, by who runs.
    pub(super) fn wake(&self, fiber: u64, running: u64) {
        let worker = self.workers.borrow().get(fiber as usize).copied();
        self.set_ready(fiber, worker, running);
    }

    fn set_ready(&self, fiber: u64, worker: Option<usize>, running: u64) {
        let mut ready = self.ready.borrow_mut();
        match ready.iter_mut().find(|ready| ready.fiber == fiber) {
            Some(known) => known.worker = worker,
            None => ready.push(Ready { fiber, worker, misses: 0, since: self.turns.get() }),
        }
        if self.level(fiber) > self.level(running) {
            self.is_passed.set(true);
        }
    }

    /// Chooses who has the next turn; the worker that has it, if that is known. `None` if nobody is ready.
    pub(super) fn next(&self, choose: impl FnOnce(usize, usize) -> usize) -> Option<Option<usize>> {
        let ready = self.ready.borrow();
        self.wanted.set(None);
        let turn = self.turns.get() + 1;
        self.turns.set(turn);
        if let Some(passed) = ready.iter().find(|ready| turn - ready.since > self.patience) {
            self.highest.set(self.highest.get() + 1);
            self.set_level(passed.fiber, self.highest.get());
        }
        let highest = (0..ready.len()).max_by_key(|&index| self.level(ready[index].fiber))?;
        let chosen = ready[choose(ready.len(), highest)];
        self.wanted.set(Some(chosen.fiber));
        Some(chosen.worker)
    }

    pub(super) fn wanted(&self) -> Option<u64> {
        self.wanted.get()
    }

    /// It runs.
    pub(super) fn begin(&self, fiber: u64) {
        self.ready.borrow_mut().retain(|ready| ready.fiber != fiber);
        self.is_passed.set(false);
    }

    /// It does not stand at that one of so many workers: it was stolen, so it is looked for at the next. (To forget it would let whoever
    /// is wanted run before it for ever.) Once all have looked twice, it is none of theirs.
    pub(super) fn miss(&self, fiber: u64, worker: usize, workers: usize) {
        self.ready.borrow_mut().retain_mut(|ready| {
            if ready.fiber == fiber {
                ready.misses += 1;
                ready.worker = Some((worker + 1) % workers);
            }
            ready.misses < 2 * workers
        });
    }

    /// It has run there, and could go on.
    pub(super) fn end(&self, fiber: u64, worker: usize, interrupted: bool) {
        self.stay(fiber, worker);
        let mut ready = self.ready.borrow_mut();
        if ready.iter().any(|ready| ready.fiber == fiber) {
            return;
        }
        let place = if interrupted { 0 } else { ready.len() };
        ready.insert(place, Ready { fiber, worker: Some(worker), misses: 0, since: self.turns.get() });
        if !interrupted {
            self.fall(fiber);
        }
    }

    /// It has run there.
    pub(super) fn stay(&self, fiber: u64, worker: usize) {
        let mut workers = self.workers.borrow_mut();
        if workers.len() <= fiber as usize {
            workers.resize(fiber as usize + 1, 0);
        }
        workers[fiber as usize] = worker;
    }

    /// Below all others.
    pub(super) fn fall(&self, fiber: u64) {
        self.lowest.set(self.lowest.get() - 1);
        self.set_level(fiber, self.lowest.get());
    }

    /// The running fiber is about to do something; whether another should go first.
    pub(super) fn step(&self, running: u64) -> bool {
        let step = self.steps.get() + 1;
        self.steps.set(step);
        if let Some(index) = self.changes.iter().position(|&change| change == step) {
            self.set_level(running, index as i64 + 1);
            self.is_passed.set(true);
        }
        self.is_passed.get()
    }
}
