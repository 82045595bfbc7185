//! A worker: an OS thread that runs fibers.
//!
//! Knows nothing of runtimes' beginnings and ends, nor of what users call.
//!
//! Read `turn` for the order in which it takes work, `search` for what it does when it has none, `submit` for how work
//! comes to it, `homes` for what it sends on, `life` for its first and last steps, `agent` for what it asks of the worker.

mod agent;
mod ahead;
mod chaos;
mod commit;
mod crosstalk;
mod fresh;
mod grace;
mod held;
mod homes;
mod life;
mod looks;
mod probe;
mod ready;
mod search;
mod show;
mod simulated;
mod submit;
mod tell;
mod turn;
mod wait;

pub(crate) use agent::{checkpoint, yield_now};
pub(crate) use commit::take_uncommitted;
pub(crate) use held::{in_panic_hook, wait_with_thread};
pub(crate) use life::live_again;
pub(crate) use submit::{spawn_fresh, submit_woken};

use crate::crew::{Crew, FRESH_MAX};
use crate::current;
use crate::injector::Arrays;
use crate::lifecycle::{NEVER_RAN, drop_fresh};
use crate::metrics::Counters;
use crate::monitor::TICK;
use crate::overflow;
use crate::owner::OwnerCell;
use crate::post::Post;
use crate::runtime::Leaked;
use crate::sim::{About, Sim};
use crate::task::{Blocks, Command, Header, Record, Task, TaskRef};
use crate::timer::{Due, Wheel};
use crate::trace::What;
use ahead::Waiting;
use chaos::Chaos;
use crosstalk::Crosstalk;
use fresh::Division;
use grace::Grace;
use homes::Detour;
use looks::Looks;
use probe::Attention;
use ready::Ready;
use search::Search;
use sisal_base::CachePadded;
use sisal_base::rng::Rng;
use sisal_coro::{Cache, Class, Pool, Resumed, Stack};
use sisal_park::agent::install;
use sisal_park::{Agent, AgentId};
use sisal_queue::Local;
use sisal_reactor::Reactor;
use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is farther off will not have come while a fiber gets ready to wait.
const FAR: Duration = Duration::from_millis(1);
/// Ids that a worker reserves at once.
const IDS_A_RESERVE: u64 = 1024;

/// A worker's own half; others see its [`Member`](crate::crew::Member).
pub(crate) struct Worker {
    index: usize,
    crew: Arc<Crew>,
    post: &'static Post,
    reactor: Arc<Reactor>,
    /// Fresh tasks, which others may steal.
    fresh: Local<Task, FRESH_MAX>,
    /// Started fibers that may run elsewhere; used only where started fibers migrate.
    movable: Local<Task, FRESH_MAX>,
    /// Fresh tasks that start here and nowhere else.
    bound: OwnerCell<VecDeque<Task>>,
    /// Whether others may have sent some that have not started: [`Member::sent`](crate::crew::Member::sent).
    has_sent: Cell<bool>,
    /// Where the next look for an old fresh task begins.
    old_from: Cell<usize>,
    /// The ready list: started fibers that run here next.
    ready: OwnerCell<Ready<Header>>,
    /// Ready-first: to run before the ready list.
    first: Cell<Option<Task>>,
    /// How often in a row ready-first was taken.
    first_runs: Cell<u32>,
    current: Cell<Option<Task>>,
    /// The fiber that parked last: see `commit`.
    uncommitted: Cell<Option<Task>>,
    /// The fiber that runs is about to give its task back, which may be gone from then on: nothing for a signal to look at.
    ending: Cell<bool>,
    /// The last fiber left by a `yield_now`, or a look was not allowed to: one fresh task goes first.
    fresh_is_due: Cell<bool>,
    /// Whether the injector had more tasks when this worker last took some: then it takes more after a yield that finds no fresh task
    /// here, and not at the next look only.
    more_injected: Cell<bool>,
    /// Whether a look's fresh or injected task was put off.
    look_is_due: Cell<bool>,
    /// Whether the next fresh task that a look lets go first is the oldest.
    oldest_at_look: Cell<bool>,
    /// Whether the last task that a look let go first was the injector's.
    was_injected: Cell<bool>,
    /// Yields that returned at once, since the last full turn.
    idle_yields: Cell<u32>,
    looks: Looks,
    grace: Grace,
    division: Division,
    /// The turn in which a fiber last asked for the time, and the answer.
    told: Cell<(u64, Instant)>,
    /// The tick of the last look around.
    tick_seen: Cell<u32>,
    /// The tick at which another worker was last called for fresh tasks.
    called_at: Cell<u32>,
    /// The tick at which the running fiber was resumed.
    slice_start: Cell<u32>,
    stacks: OwnerCell<Cache>,
    /// Memory for the next tasks.
    pub(crate) blocks: OwnerCell<Blocks>,
    /// Arrays for what overflows.
    arrays: OwnerCell<Arrays<Task>>,
    wheel: OwnerCell<Wheel<Waiting>>,
    /// Those whose timers fire now; kept for its memory.
    due: Cell<Vec<Due<Waiting>>>,
    wheel_start: Instant,
    ids: Cell<(u64, u64)>,
    choices: Rng,
    chaos: Chaos,
    detour: Detour,
    /// The runtime takes no more work, and our fibers have been asked to end.
    noticed_close: Cell<bool>,
    /// Offers of fresh work since the last that woke somebody.
    offers_skipped: Cell<u32>,
    search: Search,
    crosstalk: Crosstalk,
    counters: Arc<CachePadded<Counters>>,
    attention: Attention,
}

impl Worker {
    pub(crate) fn new(
        index: usize,
        crew: Arc<Crew>,
        fresh: Local<Task, FRESH_MAX>,
        movable: Local<Task, FRESH_MAX>,
        sim: Option<Rc<Sim>>,
    ) -> Self {
        let chaos = Chaos::new(sim, crew.limits.chaos, index);
        let start = chaos.now();
        let member = &crew.members[index];
        let (post, reactor) = (member.post, Arc::clone(&member.reactor));
        Self {
            index,
            post,
            reactor,
            fresh,
            movable,
            bound: OwnerCell::new(VecDeque::new()),
            has_sent: Cell::new(false),
            old_from: Cell::new(0),
            ready: OwnerCell::new(Ready::new(crew.limits.migrate)),
            first: Cell::new(None),
            first_runs: Cell::new(0),
            current: Cell::new(None),
            uncommitted: Cell::new(None),
            ending: Cell::new(false),
            fresh_is_due: Cell::new(false),
            more_injected: Cell::new(false),
            look_is_due: Cell::new(false),
            oldest_at_look: Cell::new(true),
            was_injected: Cell::new(false),
            idle_yields: Cell::new(0),
            looks: if chaos.sim().is_some() { Looks::rare(start) } else { Looks::new(start) },
            grace: Grace::new(),
            division: Division::new(start, crew.monitor.tick()),
            told: Cell::new((0, start)),
            tick_seen: Cell::new(crew.monitor.tick()),
            called_at: Cell::new(crew.monitor.tick().wrapping_sub(u32::MAX / 2)),
            slice_start: Cell::new(0),
            stacks: OwnerCell::new(Cache::new(Pool::global())),
            blocks: OwnerCell::new(Blocks::new(Arc::clone(&crew.depot))),
            arrays: OwnerCell::new(Arrays::new()),
            wheel: OwnerCell::new(Wheel::new(start, crew.limits.timer_slack)),
            due: Cell::new(Vec::new()),
            wheel_start: start,
            ids: Cell::new((0, 0)),
            choices: Rng::new(index as u64 + 1),
            chaos,
            detour: Detour::new(),
            noticed_close: Cell::new(false),
            offers_skipped: Cell::new(0),
            search: Search::new(),
            crosstalk: Crosstalk::new(start, crew.monitor.tick()),
            counters: Arc::clone(&member.counters),
            attention: Attention::new(crew.limits.migrate, crew.recorder.is_on()),
            crew,
        }
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Whose worker it is.
    pub(crate) fn crew(&self) -> &Arc<Crew> {
        &self.crew
    }

    /// Whether it is one of `crew`'s.
    pub(crate) fn serves(&self, crew: &Arc<Crew>) -> bool {
        Arc::ptr_eq(&self.crew, crew)
    }

    /// The fiber that runs now.
    #[inline(always)]
    pub(crate) fn current(&self) -> Option<Task> {
        self.current.get()
    }

    /// The record of the fiber that runs now.
    #[inline]
    pub(crate) fn current_record(&self) -> Option<*const Record> {
        self.current.get().and_then(|task| task.header().record()).map(std::ptr::from_ref)
    }

    /// A number for a new fiber.
    #[inline]
    pub(crate) fn next_id(&self) -> AgentId {
        let (next, end) = self.ids.get();
        let Range { start, end } = if next < end { next..end } else { self.more_ids() };
        self.ids.set((start + 1, end));
        AgentId::from_u64(start)
    }

    #[cold]
    fn more_ids(&self) -> Range<u64> {
        match self.chaos.sim() {
            None => AgentId::reserve(IDS_A_RESERVE),
            Some(sim) => sim.next_id(self.index),
        }
    }

    /// The time of this worker: the system's, or a simulation's.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        self.chaos.now()
    }

    /// The time, for the fiber that runs now.
    #[inline]
    fn tell_time(&self) -> Instant {
        let now = self.now();
        self.told.set((self.counters.turns.get(), now));
        now
    }

    /// Whether that moment was far off when the fiber that runs now last asked for the time, in this turn: a wait until then needs not
    /// ask again. (If it has come meanwhile, the wait ends with the next look.)
    #[inline]
    fn is_far(&self, deadline: Instant) -> bool {
        let (turn, now) = self.told.get();
        turn == self.counters.turns.get()
            && deadline.saturating_duration_since(now) >= FAR
            && self.sim().is_none()
    }

    /// Whether that moment has come.
    #[inline]
    fn has_passed(&self, deadline: Instant, fiber: &Header) -> bool {
        match self.chaos.sim() {
            None => deadline <= self.now(),
            Some(sim) => sim.has_passed(deadline, Some(fiber)),
        }
    }

    /// The simulation in which it is a worker, if it is one.
    #[inline]
    pub(crate) fn sim(&self) -> Option<&Rc<Sim>> {
        self.chaos.sim()
    }

    /// A choice in `0..bound`.
    #[inline]
    fn choose(&self, about: About, bound: usize) -> usize {
        self.chaos.choose(about, bound).unwrap_or_else(|| self.choices.below(bound))
    }

    /// A stack from this worker's own.
    #[inline]
    pub(crate) fn take_stack(&self, class: Class) -> io::Result<Stack> {
        self.stacks.with(|stacks| stacks.take(class))
    }

    /// The fiber that runs now has panicked.
    #[cold]
    pub(crate) fn note_panic(&self) {
        self.counters.panicked.add(1);
        if self.attention.is_traced() {
            self.tell(What::Panic);
        }
    }

    /// Takes a stack back.
    #[inline]
    pub(crate) fn give_stack(&self, stack: Stack) {
        self.stacks.with(|stacks| stacks.give(stack));
    }

    /// The worker's life, on its own OS thread.
    pub(crate) fn run(&self) {
        overflow::prepare();
        // Until the thread ends: a leaked fiber may still overflow.
        let _alt_stack = sisal_coro::overflow::arm_thread();
        current::enter(self, || {
            sisal_reactor::install(Some(&self.reactor));
            while let Some(task) = self.next() {
                self.resume(task);
            }
            self.leave();
            sisal_reactor::install(None);
        });
    }

    /// Runs a fiber until it suspends or ends. The one place where stacks are switched: inlined into the loop above, so
    /// that the processor predicts the return.
    #[inline(always)]
    fn resume(&self, task: Task) {
        let header = task.header();
        let record = match header.record() {
            Some(record) => record,
            None => match self.start(task) {
                Some(record) => record,
                None => {
                    self.counters.unstarted.add(1);
                    return;
                }
            },
        };
        if self.attention.is_due_at_resume() {
            self.attend(task);
        }
        debug_assert!(
            header.home().is_some_and(|home| ptr::eq(home, self.post)),
            "a started fiber has left home"
        );
        self.ending.set(false);
        self.current.set(Some(task));
        self.slice_start.set(self.tick_seen.get());
        let agent: &dyn Agent = header;
        // SAFETY: the header outlives its fiber's run, and `agent` is replaced before other code runs.
        unsafe { install(Some(NonNull::from(agent))) };
        // SAFETY: only the worker that runs a fiber touches its computation, and the fiber itself does not.
        let resumable = unsafe { &mut *record.resumable.get() };
        // Somebody may have asked it to end.
        let must_look = !header.cancel.is_plain();
        let resumed = resumable.as_mut().expect("a live fiber has a computation").resume_with(must_look);
        self.current.set(None);
        self.commit_last();
        match resumed {
            Resumed::Finished => self.retire(record),
            Resumed::Suspended => match record.command.get() {
                Command::Yield => {
                    self.fresh_is_due.set(true);
                    self.push_ready(task);
                }
                Command::Park => {
                    record.parked_at.set(self.crew.monitor.tick());
                    if self.attention.is_traced() {
                        self.tell_park(record);
                    }
                    self.commit_later(task);
                }
            },
        }
    }

    /// Asks every fiber that lives here to end, by value, and wakes it so that it notices.
    pub(crate) fn ask_own_to_end(&self) {
        // Outside the table: a wake may come back to it.
        let mut fibers = Vec::new();
        // SAFETY: our own table; nothing is woken inside.
        unsafe { self.crew.members[self.index].live.for_each(|task| fibers.push(task.to_ref())) };
        fibers.iter().for_each(TaskRef::ask_to_end);
    }

    /// Reports the fibers that live here, but the one that runs.
    pub(crate) fn report_live(&self) {
        let own = self.current.get();
        let mut report = Vec::new();
        // SAFETY: our own table.
        unsafe {
            self.crew.members[self.index].live.for_each(|task| {
                if Some(task) != own {
                    report.push(Leaked::of(task.header()));
                }
            });
        }
        self.crew.members[self.index].leaked.lock().extend(report);
    }

    /// The end of the worker's life: what can be given back is. Live fibers are leaked by the caller.
    fn leave(&self) {
        // SAFETY: no fiber runs here any more.
        unsafe { install(None) };
        self.commit_last();
        while let Some(task) = self.fresh.pop_old() {
            self.end_left_over(task);
        }
        while let Some(task) = self.movable.pop_old() {
            self.end_left_over(task);
        }
        self.drain_inbox();
        while let Some(task) =
            self.pick_bound(VecDeque::pop_front).or_else(|| self.pick_sent(VecDeque::pop_front))
        {
            self.end_left_over(task);
        }
        // What we have put there since the runtime was closed.
        drop_fresh(&self.crew);
        self.stacks.with(Cache::flush);
        self.report_live();
    }

    fn end_left_over(&self, task: Task) {
        if task.header().record().is_none() {
            task.abandon(NEVER_RAN.to_owned());
        }
    }

    /// The task of the fiber that a signal has interrupted. One that is just ending may have been freed, by itself or by who
    /// joins it.
    pub(crate) fn interrupted(&self) -> Option<Task> {
        self.current.get().filter(|_| !self.ending.get())
    }

    /// Said before a fiber's task is given back, with a step that has Release, and taken back where it was kept.
    #[inline]
    fn set_ending(&self, ends: bool) {
        self.ending.set(ends);
    }

    /// Whether the running fiber has used up its time slice: the second tick since its resume has come.
    #[inline]
    pub(crate) fn slice_is_over(&self) -> bool {
        const TICKS_A_SLICE: u32 = 2;
        const _: () = assert!(TICK.as_millis() == 10);
        self.crew.monitor.tick().wrapping_sub(self.slice_start.get()) >= TICKS_A_SLICE
            || self.chaos.ends_slice()
    }
}
