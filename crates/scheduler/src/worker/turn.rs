//! One turn of the worker's loop: which task runs next.
//!
//! Knows nothing of how tasks run.
//!
//! ```text
//!  inbox       each turn: what others have woken for us joins the ready list
//!  ready-first what was just handed something, at most 8 in a row
//!  ready list  started fibers, in order; those whom looks have found in turn with the others
//!  fresh       (`fresh`) our youngest, of few the oldest, or those of our half; after a yield one goes first, but not twice in a row, nor the
//!              last one or the other half as long as another worker is on its way (`grace`); 1 in 64 is our oldest
//!  each 61st turn, each 200 µs, or when the tick has moved: timers, reactor; then one of the injector's and one of our own in turn goes first:
//!              of our fresh tasks the oldest and the youngest in turn, of few one of our half
//!  nothing:    `search`, which begins with many of the injector's
//! ```
//!
//! One of the injector's, unless we have none of our own, because those behind it would go before our own youngest: where queues have
//! overflowed they are the oldest and largest parts of a tree of fibers, and the tree would be walked breadth first (32 at each look:
//! skynet takes twice as long).
//!
//! Every source is served within one round plus a tick: two fibers that yield for ever starve neither a fresh task, nor a
//! timer, nor a socket, nor the injector. Whom a look wakes has each second turn of the ready list (`ready`).

use super::Worker;
use super::ahead::{Waiting, fetch_due, fetch_fresh};
use crate::injector::Bunch;
use crate::task::{Header, Start, Task, Timed};
use crate::timer::Due;
use sisal_park::WakeKind;
use std::ptr::NonNull;
use std::time::{Duration, Instant};
use std::vec;

/// Turns between two offers of fresh work to sleepers.
const TURNS_AN_OFFER: u32 = 16;
/// Takes of ready-first in a row before the ready list has its turn. Measured: 1 in a row costs 30 % on 100 ping-pong
/// pairs, 64 gain nothing more and starve.
const FIRST_RUNS_MAX: u32 = 8;
/// Timers that fire together for which the memory is kept: 128 KB.
const DUE_KEPT: usize = 4_096;
/// Tasks taken from the injector at once.
const INJECTOR_BATCH: usize = 32;

impl Worker {
    /// The next task to run; `None` at the end of the worker's life.
    #[inline(always)]
    pub(super) fn next(&self) -> Option<Task> {
        let turn = self.counters.turns.add(1) as u32;
        if !self.post.mailbox.inbox().is_empty() {
            self.drain_inbox();
        }
        let tick = self.crew.monitor.tick();
        let mut has_looked = false;
        if self.looks.is_due(turn) || tick != self.tick_seen.get() || self.chaos.looks_around() {
            if tick != self.tick_seen.replace(tick) {
                self.attention.want();
            }
            if self.must_end() {
                return None;
            }
            if let Some(task) = self.look_around() {
                return Some(task);
            }
            has_looked = true;
        }
        if turn % TURNS_AN_OFFER == 0 && !self.fresh.is_empty() {
            self.offer();
        }
        match self.pick(turn) {
            Some(task) => Some(task),
            None => self.search(has_looked),
        }
    }

    /// The next task of our own.
    #[inline(always)]
    pub(super) fn pick(&self, turn: u32) -> Option<Task> {
        if let Some(task) = self.pick_oddly() {
            return Some(task);
        }
        if self.fresh_is_due.get() {
            if !self.has_fresh() {
                self.fresh_is_due.set(false);
                if self.more_injected.get() {
                    if let Some(task) = self.let_fresh_go_first(|| self.take_injected()) {
                        return Some(task);
                    }
                }
            } else if !self.leaves_fresh_to_called() && !self.leaves_fresh() {
                if let Some(task) = self.let_fresh_go_first(|| self.pick_put_off(turn)) {
                    return Some(task);
                }
            }
        }
        if let Some(task) = self.first.take() {
            let runs = self.first_runs.get();
            if runs < FIRST_RUNS_MAX {
                self.first_runs.set(runs + 1);
                return Some(task);
            }
            self.push_ready(task);
        }
        self.first_runs.set(0);
        if let Some(task) = self.pick_ready() {
            return Some(task);
        }
        if self.crew.limits.migrate {
            if let Some(task) = self.pick_movable() {
                return Some(task);
            }
        }
        if self.leave_rest_to_called() {
            if let Some(task) = self.pick_movable() {
                return Some(task);
            }
        }
        self.pick_fresh(turn)
    }

    /// One that may leave; or one that is ready here, if it was only the others' turn. Where fibers stay, the latter.
    #[cold]
    #[inline(never)]
    fn pick_movable(&self) -> Option<Task> {
        let movable = if self.crew.limits.migrate { self.movable.pop_old() } else { None };
        movable.or_else(|| self.pick_ready())
    }

    #[inline(always)]
    fn pick_ready(&self) -> Option<Task> {
        // SAFETY: what stands in the ready list carries the scheduler's reference.
        self.pop_ready().map(|node| unsafe { Task::from_raw(node) })
    }

    /// A fresh task before those that are ready; if these do not let it, in one of the next turns.
    #[inline]
    fn let_fresh_go_first(&self, pick: impl FnOnce() -> Option<Task>) -> Option<Task> {
        let turn = self.counters.turns.get() as u32;
        let may = self.ready.with(|ready| ready.lets_fresh_go_first(turn));
        self.fresh_is_due.set(!may);
        if !may {
            return None;
        }
        let task = pick()?;
        self.ready.with(|ready| ready.fresh_went_first(turn));
        Some(task)
    }

    /// Serves what is not looked at each turn. A task from the injector or a fresh one of our own goes first then.
    #[cold]
    fn look_around(&self) -> Option<Task> {
        self.serve_timers_and_reactor();
        self.notice_close();
        self.answer_dumps();
        self.look_at_recorder();
        self.publish_queues();
        if self.chaos.is_told_whom() {
            return None;
        }
        let task = self.let_fresh_go_first(|| self.pick_at_look());
        if self.fresh_is_due.get() {
            // Not now. But if each look finds somebody who goes before it, one of these must come some time.
            self.look_is_due.set(true);
            self.more_injected.set(!self.crew.injector.is_empty());
        }
        task
    }

    /// A fresh task of our own, or what the last look has put off.
    #[inline(never)]
    fn pick_put_off(&self, turn: u32) -> Option<Task> {
        if self.look_is_due.replace(false) { self.pick_at_look() } else { self.pick_fresh(turn) }
    }

    /// One of the injector's and one of our own in turn. If we have none, many of the injector's.
    pub(super) fn pick_at_look(&self) -> Option<Task> {
        let own_is_due = self.was_injected.get() && self.has_fresh() && !self.leaves_fresh();
        let injected = match self.fresh.is_empty() {
            _ if own_is_due => None,
            true => self.take_injected(),
            false => self.take_one_injected(),
        };
        self.was_injected.set(injected.is_some());
        injected.or_else(|| if self.leaves_fresh() { None } else { self.pick_fresh_at_look() })
    }

    /// Fires what is due, and wakes those whose sockets are ready.
    pub(super) fn serve_timers_and_reactor(&self) {
        let now = self.now();
        self.looks.came(now, self.counters.turns.get() as u32);
        self.grace.look(now);
        self.listen(now);
        self.look(|| {
            self.counters.io_events.add(self.turn_reactor(Some(Duration::ZERO)));
            self.fire_timers(now);
        });
    }

    /// Finds out whether fibers here and elsewhere do little but talk to each other.
    fn listen(&self, now: Instant) {
        if self.sim().is_none() && self.crosstalk.judge(now, self.tick_seen.get()) {
            self.search.be_patient();
        }
    }

    /// Whether that was so a short time ago.
    #[inline]
    pub(super) fn holds_back(&self) -> bool {
        self.crosstalk.holds_back(self.tick_seen.get())
    }

    /// Fires what is due.
    pub(super) fn serve_timers(&self) {
        let now = self.now();
        self.looks.came(now, self.counters.turns.get() as u32);
        self.listen(now);
        self.look(|| self.fire_timers(now));
    }

    /// Whoever is woken by `look` has been called (`ready`).
    pub(super) fn look<R>(&self, look: impl FnOnce() -> R) -> R {
        let elsewhere = self.crew.limits.migrate && !self.movable.is_empty();
        let others = self.ready.with(|ready| ready.begin_look(elsewhere));
        let result = look();
        self.ready.with(|ready| ready.end_look(others));
        result
    }

    #[inline]
    pub(super) fn must_end(&self) -> bool {
        self.crew.lifecycle.ends(self.index, self.crew.members[self.index].live.count())
    }

    pub(super) fn has_close_to_notice(&self) -> bool {
        !self.crew.lifecycle.is_open() && !self.noticed_close.get()
    }

    /// Once the runtime takes no more work, asks our fibers to end.
    pub(super) fn notice_close(&self) {
        if self.has_close_to_notice() {
            self.noticed_close.set(true);
            self.ask_own_to_end();
            self.crew.lifecycle.worker_has_noticed(&self.crew.members[self.index]);
        }
    }

    /// Wakes those whose sockets are ready, or sleeps until there are some, or a ring, or for `wait`. In a simulation there are none, and
    /// the sleep gives the OS thread to other workers.
    pub(super) fn turn_reactor(&self, wait: Option<Duration>) -> u64 {
        match self.sim() {
            // An error of the poll itself is not any fiber's: the next turn tries again.
            None => self.reactor.turn(wait).unwrap_or(0) as u64,
            Some(_) if wait == Some(Duration::ZERO) => 0,
            Some(sim) => {
                sim.sleep(self.index, wait);
                0
            }
        }
    }

    pub(super) fn fire_timers(&self, now: Instant) {
        if self.wheel.with(|wheel| wheel.is_empty()) {
            return;
        }
        let mut due = self.due.take();
        self.wheel.with(|wheel| wheel.advance(now, &mut due));
        fetch_due(&due);
        self.counters.timer_fires.add(due.len() as u64);
        self.chaos.mix_ties(&mut due, Due::is_due_with);
        for Due { what: Waiting { task, .. }, .. } in due.drain(..) {
            task.header().timed.set(Timed::Fired);
            if task.header().word.wake() == sisal_park::Wake::Submit {
                self.note_wake(&task);
                self.admit(task, WakeKind::Back);
            }
        }
        if due.capacity() <= DUE_KEPT {
            self.due.set(due);
        }
    }

    /// A task from the injector.
    fn take_one_injected(&self) -> Option<Task> {
        let injector = &self.crew.injector;
        let task = if injector.is_empty() { None } else { injector.pop() }?;
        if !injector.is_empty() {
            // Those of its bunch were seen nowhere for a moment.
            self.offer_if_shared();
        }
        self.note_injected();
        Some(task)
    }

    /// A task from the injector, and a few more for the local queue.
    pub(super) fn take_injected(&self) -> Option<Task> {
        let injector = &self.crew.injector;
        if injector.is_empty() {
            self.note_injected();
            return None;
        }
        let (mut first, mut taken) = (None, 0);
        while taken < INJECTOR_BATCH / self.crew.members.len().min(INJECTOR_BATCH) {
            let Some(bunch) = injector.pop_bunch() else { break };
            taken += bunch.len();
            match bunch {
                Bunch::One(task) if first.is_none() => first = Some(task),
                Bunch::One(task) => self.keep(task),
                Bunch::Many(mut tasks) => {
                    tasks.iter().copied().for_each(fetch_fresh);
                    let mut oldest_first = tasks.drain(..);
                    first = first.or_else(|| oldest_first.next());
                    self.keep_many(oldest_first);
                    self.arrays.with(|arrays| arrays.give(tasks, injector));
                }
            }
        }
        if taken > 0 {
            self.division.end();
        }
        if taken > 1 {
            // They were seen nowhere for a moment.
            self.offer_if_shared();
        }
        self.note_injected();
        first
    }

    /// Notes whether the injector has more. Not where started fibers migrate: those that yield overflow into it, too, and would be taken
    /// out of turn.
    fn note_injected(&self) {
        self.more_injected.set(!self.crew.limits.migrate && !self.crew.injector.is_empty());
    }

    /// Puts a task from elsewhere into the queue where it belongs.
    pub(super) fn keep(&self, task: Task) {
        let fresh = task.header().record().is_none();
        debug_assert!(fresh || self.crew.limits.migrate, "a started fiber stood where all take");
        let queue = if fresh { &self.fresh } else { &self.movable };
        if let Err(task) = queue.push(task) {
            self.crew.injector.push(task);
        }
    }

    /// [`keep`](Self::keep) of several, oldest first.
    fn keep_many(&self, mut tasks: vec::Drain<'_, Task>) {
        if !self.crew.limits.migrate {
            self.fresh.push_many(&mut tasks);
        }
        // Those for which there is no room, or that are of both kinds.
        tasks.for_each(|task| self.keep(task));
    }

    /// Takes what others have left for us.
    #[inline(never)]
    pub(super) fn drain_inbox(&self) {
        for task in self.post.take_delivered() {
            if task.header().record().is_some() {
                self.admit(task, WakeKind::Back);
            } else if task.header().start.get() == Start::Sent {
                self.has_sent.set(true);
                self.crew.members[self.index].sent.lock().push_back(task);
            } else {
                self.bound.with(|bound| bound.push_back(task));
            }
        }
    }

    /// A woken fiber that last ran here: takes back what its park had set up, and lets it run.
    #[inline]
    pub(super) fn admit(&self, task: Task, kind: WakeKind) {
        self.undo_park(task);
        if kind == WakeKind::Next && self.first.get().is_none() {
            self.tell_wake(task);
            self.first.set(Some(task));
        } else if self.chaos.lets_pass() {
            // SAFETY: as in `push_home`.
            self.ready.with(|ready| unsafe { ready.push_front(task.as_ptr()) });
        } else {
            self.push_ready(task);
        }
    }

    /// Disarms the timer. Before this the fiber must not move to another worker, whose wheel is not this one.
    #[inline]
    pub(super) fn undo_park(&self, task: Task) {
        if task.header().timed.get() == Timed::Armed {
            self.disarm(task);
        }
    }

    #[inline(never)]
    fn disarm(&self, task: Task) {
        let header = task.header();
        header.timed.set(Timed::No);
        // Armed by this worker: a fiber's wake is submitted to where it last ran.
        let timer = &header.record().expect("a woken fiber was started").timer;
        self.wheel.with(|wheel| wheel.cancel(timer));
    }

    /// Behind all that are ready.
    #[inline]
    pub(super) fn push_ready(&self, task: Task) {
        if self.attention.is_due_at_ready() {
            return self.push_attended(task);
        }
        self.push_home(task.as_ptr());
    }

    /// [`push_ready`](Self::push_ready) of a task that may be followed, or may leave.
    #[cold]
    #[inline(never)]
    fn push_attended(&self, task: Task) {
        self.attention.on_ready(task);
        if self.attention.is_traced() {
            self.tell_ready(task);
        }
        if !self.crew.limits.migrate {
            return self.push_home(task.as_ptr());
        }
        if self.ready.with(|ready| ready.is_calling()) || !self.may_move(task) {
            // SAFETY: as in `push_home`.
            self.ready.with(|ready| unsafe { ready.push_called(task.as_ptr()) });
        } else if let Err(task) = self.movable.push(task) {
            self.crew.injector.push(task);
        }
    }

    #[inline]
    pub(super) fn push_home(&self, node: NonNull<Header>) {
        // SAFETY: the task is in no other queue: who wakes it, or resumed it, has it alone.
        self.ready.with(|ready| unsafe { ready.push_back(node) });
    }

    /// Whether a started fiber may leave this worker. One that unwinds may not: std counts panics by thread.
    fn may_move(&self, task: Task) -> bool {
        let header = task.header();
        !header.local && header.record().is_some_and(|record| !record.unwinding.get())
    }
}
