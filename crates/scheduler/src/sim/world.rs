//! What the workers of one simulation share: the clock, the choices, the numbers, and the beds in which they wait for their turns.
//!
//! Knows nothing of who has the next turn.

use super::choices::Choices;
use super::journal::{Journal, Outcome};
use super::progress::Progress;
use crate::task::Header;
use sisal_coro::Suspender;
use sisal_park::{AgentId, Waker, World};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much a turn moves the clock, so that who polls for a time sees it pass.
const TURN: Duration = Duration::from_micros(1);
/// Numbers of fibers that a simulation may give.
const IDS: u64 = 1 << 24;

/// Where a worker is while it has no turn.
struct Bed {
    suspender: Cell<*const Suspender>,
    asleep: Cell<bool>,
    wakes_at: Cell<Option<Duration>>,
}

/// One simulation, as its workers see it.
pub(crate) struct Sim {
    start: Instant,
    now: Cell<Duration>,
    choices: Choices,
    journal: RefCell<Journal>,
    first_id: u64,
    ids: Cell<u64>,
    world: Rc<World>,
    /// The first fiber, whose number comes from outside.
    root: Cell<u64>,
    beds: Box<[Bed]>,
    /// Fibers that wait until all others are parked.
    settlers: RefCell<Vec<(Waker, Rc<Cell<bool>>)>>,
    progress: Option<Arc<Progress>>,
}

impl Sim {
    pub(super) fn new(workers: usize, seed: u64, given: Option<Vec<u32>>, tells: bool) -> Self {
        let bed = |_| Bed {
            suspender: Cell::new(std::ptr::null()),
            asleep: Cell::new(false),
            wakes_at: Cell::new(None),
        };
        let first_id = AgentId::reserve(IDS).start;
        Self {
            start: Instant::now(),
            now: Cell::new(Duration::ZERO),
            choices: Choices::new(seed, given),
            journal: RefCell::new(Journal::new(tells)),
            first_id,
            ids: Cell::new(first_id),
            world: Rc::new(World::new(tells)),
            root: Cell::new(0),
            beds: (0..workers).map(bed).collect(),
            settlers: RefCell::new(Vec::new()),
            progress: None,
        }
    }

    /// Whom it tells how far it is.
    pub(super) fn watched_by(mut self, progress: Option<Arc<Progress>>) -> Self {
        self.progress = progress;
        self
    }

    /// Whether somebody outside wants it to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.progress.as_ref().is_some_and(|progress| progress.is_stopped())
    }

    /// The time since the simulation began.
    pub(super) fn elapsed(&self) -> Duration {
        self.now.get()
    }

    /// The time, as deadlines have it.
    pub(crate) fn instant(&self) -> Instant {
        self.start + self.now.get()
    }

    pub(super) fn set_elapsed(&self, now: Duration) {
        self.now.set(self.now.get().max(now));
    }

    /// A choice in `0..bound`.
    pub(crate) fn choose(&self, bound: usize) -> usize {
        let choice = self.choices.choose(bound);
        self.journal.borrow_mut().choose(bound, choice);
        choice
    }

    /// Whether to do the unlikely, this time.
    pub(crate) fn strikes(&self, odds: usize) -> bool {
        self.choices.strikes(odds)
    }

    pub(super) fn next_worker(&self, count: usize) -> usize {
        self.choices.next_worker(count)
    }

    pub(super) fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Whether something is under way that happens by itself.
    pub(super) fn is_busy(&self) -> bool {
        self.world.busy_until().is_some_and(|until| self.instant() < until)
    }

    /// What others keep in it.
    pub(crate) fn world(&self) -> &Rc<World> {
        &self.world
    }

    pub(super) fn journal(&self) -> &RefCell<Journal> {
        &self.journal
    }

    /// A number for the next fiber: that of its turn to be born.
    pub(crate) fn next_id(&self) -> Range<u64> {
        let id = self.ids.get();
        if id == self.first_id + IDS {
            return AgentId::reserve(1);
        }
        self.ids.set(id + 1);
        self.world.born(AgentId::from_u64(id));
        id..id + 1
    }

    pub(super) fn set_root(&self, id: u64) {
        self.root.set(id);
    }

    /// A fiber's number within the simulation: 1 is the root, the others follow in the order of their birth.
    pub(super) fn number(&self, id: u64) -> u64 {
        if id == self.root.get() { 1 } else { id.wrapping_sub(self.first_id).wrapping_add(2) }
    }

    /// A fiber is about to run.
    pub(crate) fn begin_turn(&self, fiber: &Header) {
        let number = self.number(fiber.id.as_u64());
        self.journal.borrow_mut().begin(number, fiber.name(), fiber.site);
        if let Some(progress) = &self.progress {
            progress.begin_turn(number, fiber.site);
        }
    }

    /// It has run.
    pub(crate) fn end_turn(&self, worker: usize, outcome: Outcome) {
        self.now.set(self.now.get() + TURN);
        self.journal.borrow_mut().end(worker, self.now.get(), outcome);
    }

    /// Where the worker's life begins: on a stack of its own.
    pub(super) fn settle(&self, worker: usize, suspender: &Suspender) {
        self.beds[worker].suspender.set(suspender);
    }

    /// Lets others have their turns.
    pub(crate) fn pause(&self, worker: usize) {
        // SAFETY: set when the worker's life began, on the very stack that this runs on, and valid until that life is over.
        unsafe { &*self.beds[worker].suspender.get() }.suspend();
    }

    /// Lets others have their turns until there is something to do, or `wait` is over.
    pub(crate) fn sleep(&self, worker: usize, wait: Option<Duration>) {
        let bed = &self.beds[worker];
        bed.wakes_at.set(wait.map(|wait| self.now.get().saturating_add(wait)));
        bed.asleep.set(true);
        self.pause(worker);
        bed.asleep.set(false);
    }

    /// Whether the worker sleeps, and its time has not come.
    pub(super) fn sleeps(&self, worker: usize) -> bool {
        let bed = &self.beds[worker];
        bed.asleep.get() && bed.wakes_at.get().is_none_or(|at| at > self.now.get())
    }

    /// When the first sleeping worker wakes for a timer.
    pub(super) fn next_timer(&self) -> Option<Duration> {
        self.beds.iter().filter(|bed| bed.asleep.get()).filter_map(|bed| bed.wakes_at.get()).min()
    }

    /// Enters a fiber that waits until all others are parked.
    pub(super) fn enter_settler(&self, waker: Waker, settled: Rc<Cell<bool>>) {
        self.settlers.borrow_mut().push((waker, settled));
    }

    /// Wakes such a fiber, if there is one.
    pub(super) fn wake_settler(&self) -> bool {
        let settler = self.settlers.borrow_mut().pop();
        let found = settler.is_some();
        if let Some((waker, settled)) = settler {
            settled.set(true);
            waker.wake();
        }
        found
    }
}
