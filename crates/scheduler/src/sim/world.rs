//! What the workers of one simulation share: the clock, the choices, the numbers, and the beds in which they wait for their turns.
//!
//! Knows nothing of who has the next turn.

use super::choices::{About, Choices};
use super::journal::{Event, Journal, Outcome, Tells, Turn};
use super::progress::Progress;
use super::schedule::Priorities;
use crate::dump::Numbers;
use crate::monitor::TICK;
use crate::task::Header;
use crate::timer::LATENESS_MAX;
use sisal_coro::Suspender;
use sisal_park::{AgentId, Reason, Waker, World};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::task;
use std::time::{Duration, Instant};

/// How much a turn moves the clock, so that who polls for a time sees it pass.
const TURN: Duration = Duration::from_micros(1);
/// Numbers of fibers that a simulation may give.
const IDS: u64 = 1 << 24;
/// Operations in a row after which any slice ends: who polls must let in those for whom it waits.
const OPERATIONS_A_SLICE: u32 = 256;
/// How far its clock is ahead of the real one: 30 years, so that no deadline of the one can be taken for one of the other.
const AHEAD: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

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
    priorities: Option<Priorities>,
    journal: RefCell<Journal>,
    /// The fiber that runs; 0 while none does.
    running: Cell<u64>,
    /// Operations that are left of its time slice; `None` before the first.
    slice: Cell<Option<u32>>,
    /// Its slice was ended.
    is_interrupted: Cell<bool>,
    operations: Cell<u64>,
    is_outside: Cell<bool>,
    /// The first use of the real clock for a deadline.
    real_time: RefCell<Option<String>>,
    first_id: u64,
    ids: Cell<u64>,
    world: Rc<World>,
    /// The id of the first fiber, which comes from outside.
    root: Cell<u64>,
    beds: Box<[Bed]>,
    /// Fibers that wait until all others are parked.
    settlers: RefCell<Vec<(Waker, Rc<Cell<bool>>)>>,
    /// Wakers of futures that wait for a time.
    alarms: RefCell<BTreeMap<(Duration, u64), task::Waker>>,
    next_alarm: Cell<u64>,
    progress: Option<Arc<Progress>>,
}

impl Sim {
    pub(super) fn new(workers: usize, choices: Choices, tells: Tells) -> Self {
        let bed = |_| Bed {
            suspender: Cell::new(std::ptr::null()),
            asleep: Cell::new(false),
            wakes_at: Cell::new(None),
        };
        let first_id = AgentId::reserve(IDS).start;
        Self {
            start: Instant::now() + AHEAD,
            now: Cell::new(Duration::ZERO),
            priorities: Priorities::new(&choices),
            choices,
            running: Cell::new(0),
            slice: Cell::new(None),
            is_interrupted: Cell::new(false),
            operations: Cell::new(0),
            is_outside: Cell::new(false),
            real_time: RefCell::new(None),
            journal: RefCell::new(Journal::new(tells)),
            first_id,
            ids: Cell::new(first_id),
            world: Rc::new(World::new(tells != Tells::Nothing)),
            root: Cell::new(0),
            beds: (0..workers).map(bed).collect(),
            settlers: RefCell::new(Vec::new()),
            alarms: RefCell::new(BTreeMap::new()),
            next_alarm: Cell::new(0),
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

    /// The time in ticks, as what is dumped counts it.
    pub(crate) fn tick(&self) -> u32 {
        (self.now.get().as_nanos() / TICK.as_nanos()) as u32
    }

    pub(super) fn set_elapsed(&self, now: Duration) {
        self.now.set(self.now.get().max(now));
    }

    /// A choice in `0..bound`.
    pub(crate) fn choose(&self, about: About, bound: usize) -> usize {
        self.note_choice(about, bound, self.choices.choose(bound))
    }

    fn note_choice(&self, about: About, bound: usize, choice: usize) -> usize {
        if bound > 1 {
            self.tell(Event::Choice { about, bound, choice });
        }
        choice
    }

    /// Whether to do the unlikely, this time.
    pub(crate) fn strikes(&self, about: About, odds: usize) -> bool {
        self.choices.odds(odds).is_some_and(|odds| self.choose(about, odds) == odds - 1)
    }

    /// Which of the workers that are able has the next turn; the first of them is the one that ran last, if it is able.
    pub(super) fn next_worker(&self, able: &[usize]) -> usize {
        if let Some(priorities) = &self.priorities {
            let choose = |bound, highest| {
                let choice = self.choices.make(bound, || highest);
                self.note_choice(About::Fiber, bound, choice)
            };
            let worker = priorities.next(choose).flatten();
            return worker.filter(|worker| able.contains(worker)).unwrap_or(able[0]);
        }
        let stays = able.len() > 1
            && self.choices.odds_of_switch().is_some_and(|odds| self.choose(About::Worker, odds) != odds - 1);
        if stays { able[0] } else { able[self.choose(About::Worker, able.len())] }
    }

    /// The fiber that is to have this turn, if that is not the worker's to choose.
    pub(crate) fn wanted(&self) -> Option<u64> {
        self.priorities.as_ref().and_then(Priorities::wanted)
    }

    /// That one of so many workers has looked for it in vain.
    pub(crate) fn has_not(&self, wanted: u64, worker: usize, workers: usize) {
        if let Some(priorities) = &self.priorities {
            priorities.miss(wanted, worker, workers);
        }
    }

    /// The running fiber is about to do something; whether its time slice is over.
    pub(crate) fn ends_slice(&self) -> bool {
        self.operations.set(self.operations.get() + 1);
        let left = match self.slice.get() {
            Some(left) => left,
            None if self.priorities.is_some() => OPERATIONS_A_SLICE,
            None => match self.choose(About::Slice, self.choices.slices()) {
                0 => OPERATIONS_A_SLICE,
                some => some as u32,
            },
        };
        self.slice.set(Some(left.saturating_sub(1)));
        let mut is_over = left <= 1;
        if let Some(priorities) = &self.priorities {
            let running = self.running.get();
            if is_over {
                // It seems to poll.
                priorities.fall(running);
            }
            let choice = self.choices.make(2, || usize::from(priorities.step(running)));
            is_over |= self.note_choice(About::Slice, 2, choice) == 1;
        }
        self.is_interrupted.set(is_over);
        is_over
    }

    pub(super) fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Whether a timer that fires then may be somebody's who waits for what is under way, and happens by itself.
    pub(super) fn is_expected(&self, fires_at: Duration) -> bool {
        let busy_for =
            |until: Instant| until.saturating_duration_since(self.start).saturating_add(LATENESS_MAX);
        self.world.busy_until().is_some_and(|until| fires_at <= busy_for(until))
    }

    /// What others keep in it.
    pub(crate) fn world(&self) -> &Rc<World> {
        &self.world
    }

    pub(super) fn journal(&self) -> &RefCell<Journal> {
        &self.journal
    }

    /// A number for the next fiber: that of its turn to be born.
    pub(crate) fn next_id(&self, worker: usize) -> Range<u64> {
        let id = self.ids.get();
        if id == self.first_id + IDS {
            return AgentId::reserve(1);
        }
        self.ids.set(id + 1);
        self.world.born(AgentId::from_u64(id));
        self.enter(self.number(id), Some(worker));
        id..id + 1
    }

    /// How many fibers there were.
    pub(super) fn fibers(&self) -> u64 {
        self.ids.get() - self.first_id + 1
    }

    /// How many operations they made.
    pub(super) fn operations(&self) -> u64 {
        self.operations.get()
    }

    /// The first fiber, which comes from outside.
    pub(super) fn set_root(&self, id: u64) {
        self.root.set(id);
        self.enter(1, None);
    }

    fn enter(&self, fiber: u64, worker: Option<usize>) {
        self.tell(Event::Spawn { by: self.running.get(), fiber });
        if let Some(priorities) = &self.priorities {
            priorities.enter(fiber, worker, self.running.get(), &self.choices);
        }
    }

    /// A fresh fiber goes to start on that worker.
    pub(crate) fn send(&self, id: AgentId, worker: usize) {
        let fiber = self.number(id.as_u64());
        // Not one of another runtime.
        if let Some(priorities) = self.priorities.as_ref().filter(|_| fiber <= self.fibers()) {
            priorities.enter(fiber, Some(worker), self.running.get(), &self.choices);
        }
    }

    /// A fiber that was parked is woken.
    pub(crate) fn wake(&self, id: AgentId) {
        let fiber = self.number(id.as_u64());
        self.tell(Event::Wake { by: self.running.get(), fiber });
        if let Some(priorities) = &self.priorities {
            priorities.wake(fiber, self.running.get());
        }
    }

    fn tell(&self, event: Event) {
        self.journal.borrow_mut().tell(self.now.get(), event);
    }

    /// A fiber's number within the simulation: 1 is the root, the others follow in the order of their birth.
    pub(crate) fn number(&self, id: u64) -> u64 {
        self.numbers().of(id)
    }

    /// The numbers of all fibers.
    pub(crate) fn numbers(&self) -> Numbers {
        Numbers { first: self.first_id, root: self.root.get() }
    }

    /// A fiber is about to run.
    pub(crate) fn begin_turn(&self, fiber: &Header) {
        let number = self.number(fiber.id.as_u64());
        self.running.set(number);
        self.slice.set(None);
        self.is_interrupted.set(false);
        self.journal.borrow_mut().begin(number, fiber.name(), fiber.site);
        if let Some(priorities) = &self.priorities {
            priorities.begin(number);
        }
        if let Some(progress) = &self.progress {
            progress.begin_turn(number, fiber.site);
        }
    }

    /// It has run.
    pub(crate) fn end_turn(&self, worker: usize, outcome: Outcome) {
        self.now.set(self.now.get() + TURN);
        let fiber = self.running.replace(0);
        for news in self.world.take_news() {
            self.journal.borrow_mut().add_news(self.now.get(), &news);
        }
        let waits_for = |reason: Reason| self.numbers().numbered(&reason.to_string());
        self.journal.borrow_mut().end(self.now.get(), Turn { worker, fiber, outcome }, waits_for);
        let Some(priorities) = &self.priorities else { return };
        match outcome {
            Outcome::Parked(_) => priorities.stay(fiber, worker),
            Outcome::Ready => priorities.end(fiber, worker, self.is_interrupted.get()),
            Outcome::Ended | Outcome::Sent => {}
        }
    }

    /// Whether the moment has come for who runs. One that is of the real clock is noted, and has come.
    pub(crate) fn has_passed(&self, deadline: Instant, fiber: Option<&Header>) -> bool {
        // Half of the way between the two: what was taken off a time of this clock is no sign of the other.
        if self.start.checked_duration_since(deadline).is_some_and(|before| before > AHEAD / 2) {
            let mut known = self.real_time.borrow_mut();
            if known.is_none() {
                let number = self.running.get();
                let name = fiber.and_then(Header::name).map_or(String::new(), |name| format!(" '{name}'"));
                let site = fiber.map_or(String::new(), |fiber| format!(" (spawned at {})", fiber.site));
                *known = Some(format!("fiber #{number}{name}{site}"));
            }
        }
        deadline <= self.instant()
    }

    /// Does what wakes fibers, in no fiber's name and between all turns.
    pub(super) fn step_in<R>(&self, f: impl FnOnce() -> R) -> R {
        self.is_outside.set(true);
        let result = f();
        self.is_outside.set(false);
        result
    }

    pub(crate) fn is_outside(&self) -> bool {
        self.is_outside.get()
    }

    /// Who has waited for a time of the real clock.
    pub(super) fn real_time(&self) -> Option<String> {
        self.real_time.borrow().clone()
    }

    /// Calls `waker` at that time.
    pub(crate) fn set_alarm(&self, at: Instant, waker: &task::Waker) -> u64 {
        let number = self.next_alarm.get() + 1;
        self.next_alarm.set(number);
        let at = at.saturating_duration_since(self.start);
        self.alarms.borrow_mut().insert((at, number), waker.clone());
        number
    }

    pub(crate) fn take_back_alarm(&self, number: u64) {
        let mut alarms = self.alarms.borrow_mut();
        let key = alarms.keys().find(|(_, other)| *other == number).copied();
        let waker = key.and_then(|key| alarms.remove(&key));
        drop(alarms);
        drop(waker);
    }

    /// Takes an alarm whose time has come.
    pub(super) fn due_alarm(&self) -> Option<task::Waker> {
        let mut alarms = self.alarms.borrow_mut();
        let first = alarms.first_entry()?;
        (first.key().0 <= self.now.get()).then(|| first.remove())
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
        let sleepers = self.beds.iter().filter(|bed| bed.asleep.get()).filter_map(|bed| bed.wakes_at.get());
        sleepers.chain(self.alarms.borrow().keys().map(|(at, _)| *at).next()).min()
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
