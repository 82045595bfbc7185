//! How long a ready fiber waits for its turn: one is followed at a time.
//!
//! Knows nothing of what is done with the figures.
//!
//! Once a tick the worker marks the next task that it puts behind the others, and looks at the clock; when that task is resumed, it looks
//! again. In between it has to compare each task that it resumes, which it does only while a bit of [`Attention`] is set: the rest of the time
//! this costs nothing, since `resume` and `push_ready` look at those bits anyway, for fibers that migrate.

use super::Worker;
use crate::task::Task;
use sisal_park::AgentId;
use std::cell::Cell;
use std::time::Instant;

/// Started fibers may leave the worker.
const MIGRATE: u8 = 1;
/// The next task that becomes ready is to be followed.
const WANTED: u8 = 1 << 1;
/// One is being followed.
const FOLLOWED: u8 = 1 << 2;
/// Somebody records what the worker does.
const TRACED: u8 = 1 << 3;
/// What stays when a sample has been taken, or given up.
const STAYS: u8 = MIGRATE | TRACED;
/// Ticks after which one that has not come is given up: it was stolen.
const TICKS_MAX: u32 = 8;

/// What a worker must think of when it resumes a task or makes one ready.
pub(super) struct Attention {
    bits: Cell<u8>,
    followed: Cell<Option<(AgentId, Instant)>>,
    ticks: Cell<u32>,
}

impl Attention {
    pub(super) fn new(migrate: bool, traced: bool) -> Self {
        let bits = if migrate { MIGRATE } else { 0 } | if traced { TRACED } else { 0 };
        Self { bits: Cell::new(bits), followed: Cell::new(None), ticks: Cell::new(0) }
    }

    /// Whether there is anything to think of when a task is resumed. (Not for one that is only wanted: where all are handed over, none is
    /// put behind the others, and it stays wanted for long.)
    #[inline(always)]
    pub(super) fn is_due_at_resume(&self) -> bool {
        self.bits.get() & (MIGRATE | FOLLOWED | TRACED) != 0
    }

    /// Whether there is anything to think of when a task becomes ready.
    #[inline(always)]
    pub(super) fn is_due_at_ready(&self) -> bool {
        self.bits.get() & (MIGRATE | WANTED | TRACED) != 0
    }

    /// Whether somebody records what the worker does.
    #[inline(always)]
    pub(super) fn is_traced(&self) -> bool {
        self.has(TRACED)
    }

    pub(super) fn set_traced(&self, traced: bool) {
        self.bits.set(self.bits.get() & !TRACED | if traced { TRACED } else { 0 });
    }

    #[inline(always)]
    fn has(&self, bit: u8) -> bool {
        self.bits.get() & bit != 0
    }

    /// Called once a tick: time for another sample.
    pub(super) fn want(&self) {
        if self.has(FOLLOWED) {
            self.ticks.set(self.ticks.get() + 1);
            if self.ticks.get() < TICKS_MAX {
                return;
            }
        }
        self.bits.set(self.bits.get() & STAYS | WANTED);
    }

    /// Whether there is anything to think of when a task is spawned.
    #[inline(always)]
    pub(super) fn is_due_at_spawn(&self) -> bool {
        self.bits.get() & (WANTED | TRACED) != 0
    }

    /// Called with each task that becomes ready.
    #[inline(always)]
    pub(super) fn on_ready(&self, task: Task) {
        if self.has(WANTED) {
            self.follow(task);
        }
    }

    #[cold]
    fn follow(&self, task: Task) {
        self.followed.set(Some((task.header().id, Instant::now())));
        self.ticks.set(0);
        self.bits.set(self.bits.get() & STAYS | FOLLOWED);
    }
}

impl Worker {
    /// What is to be thought of when a task is resumed.
    #[cold]
    #[inline(never)]
    pub(super) fn attend(&self, task: Task) {
        let header = task.header();
        if self.attention.has(MIGRATE) {
            header.set_home(self.post);
        }
        if self.attention.has(FOLLOWED) {
            if let Some((id, since)) = self.attention.followed.get() {
                if id == header.id {
                    self.counters.delays.note(since.elapsed());
                    self.attention.bits.set(self.attention.bits.get() & STAYS);
                }
            }
        }
        if self.attention.is_traced() {
            self.tell_run(task);
        }
    }

    /// Shows what waits here. Called where no fiber runs.
    pub(super) fn publish_queues(&self) {
        let first = u64::from(self.first.get().is_some());
        let ready = self.ready.with(|ready| ready.len()) + self.movable.len();
        self.counters.ready.set(ready as u64 + first);
        self.counters.live_then.set(self.crew.members[self.index].live.count() as u64);
    }
}
