//! Whether a runtime still takes work, and how it comes to its end.
//!
//! Knows nothing of threads; `runtime` starts and joins them.
//!
//! | state | fresh tasks | started fibers | left by |
//! |---|---|---|---|
//! | `OPEN` | are run | run | `close` |
//! | `CLOSING` | are dropped unrun; `join` gives an error | were asked to end, by value, and run on | `stop`, once none is left or the deadline has passed |
//! | `STOPPED` | are dropped unrun | are leaked, each pinning its stack and its worker's OS thread | nobody |
//!
//! Race: A sees `OPEN` and spawns. B closes, the workers drain the injector and end. A's task arrives where nobody looks,
//! and its `join` hangs. So: A pushes, `fence(SeqCst)`, looks at the state again, and if it is not `OPEN` drains the
//! injector itself; B sets the state, `fence(SeqCst)`, and drains. One of the two sees the other's, and the injector gives
//! each task to one of them.

use crate::crew::{Crew, Member};
use crate::event::Event;
use crate::task::Task;
use sisal_base::CachePadded;
use sisal_base::sync::atomic::{AtomicU8, AtomicUsize, Ordering, fence};
use sisal_park::Reason;
use std::time::Instant;

const OPEN: u8 = 0;
const CLOSING: u8 = 1;
const STOPPED: u8 = 2;
const NOBODY: usize = usize::MAX;

/// What `join` gives for a fiber that a shutdown has kept from running.
pub(crate) const NEVER_RAN: &str = "the runtime was shut down before this fiber ran";

/// The state of a runtime.
pub(crate) struct Lifecycle {
    state: AtomicU8,
    /// The worker whose fiber shuts the runtime down: it goes on until its fibers have ended, that one among them.
    spared: AtomicUsize,
    progress: Event,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self { state: AtomicU8::new(OPEN), spared: AtomicUsize::new(NOBODY), progress: Event::new() }
    }

    /// Whether fresh tasks are run.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        self.state.load(Ordering::Relaxed) == OPEN
    }

    /// Whether the worker of that index, on which `live` fibers live, must end.
    #[inline(always)]
    pub(crate) fn ends(&self, index: usize, live: usize) -> bool {
        // Acquire: pairs with `stop`, before which `spared` was set.
        self.state.load(Ordering::Acquire) == STOPPED
            && (live == 0 || self.spared.load(Ordering::Relaxed) != index)
    }

    /// Looks again after a task was put into the injector from outside; see the race above.
    pub(crate) fn after_inject(&self, crew: &Crew) {
        fence(Ordering::SeqCst);
        if !self.is_open() {
            drop_fresh(crew);
        }
    }

    /// Looks again after a fresh task was left at the post of a worker that may have ended. The same race, with `ended` in
    /// the place of the state and the inbox in that of the injector.
    pub(crate) fn after_deliver(&self, member: &Member) {
        fence(Ordering::SeqCst);
        if member.ended.load(Ordering::Relaxed) {
            drop_delivered(member);
        }
    }

    /// `OPEN => CLOSING`: each worker asks its fibers to end as soon as it comes round.
    pub(crate) fn close(&self, crew: &Crew) {
        if self.state.compare_exchange(OPEN, CLOSING, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            fence(Ordering::SeqCst);
            drop_fresh(crew);
            crew.ring_all();
        }
    }

    /// `CLOSING => STOPPED`: the workers' loops end, that of `spared` once its fibers have.
    pub(crate) fn stop(&self, crew: &Crew, spared: Option<usize>) {
        self.spared.store(spared.unwrap_or(NOBODY), Ordering::Relaxed);
        self.state.fetch_max(STOPPED, Ordering::AcqRel);
        crew.ring_all();
    }

    /// Called by a worker whenever something has ended that a shutdown may wait for.
    pub(crate) fn has_moved(&self) {
        self.progress.notify_all();
    }

    /// Called by a worker whose loop has ended.
    pub(crate) fn worker_has_ended(&self, member: &Member) {
        member.ended.swap(true, Ordering::Relaxed);
        // Pairs with the fence in `after_deliver`.
        fence(Ordering::SeqCst);
        drop_delivered(member);
        self.progress.notify_all();
    }

    /// Called by a worker that has asked its fibers to end.
    pub(crate) fn worker_has_noticed(&self, member: &Member) {
        // Release: whoever sees it sees the count of what had started here before.
        member.noticed_close.store(true, Ordering::Release);
        self.progress.notify_all();
    }

    /// Waits until no more than `spared` fibers live, or until `deadline`, if there is one.
    ///
    /// Race, *not counted yet*: a worker sees `OPEN` and goes for a stack. The runtime is closed; nobody lives, and the workers are
    /// stopped. The fiber starts, parks, and is leaked. So what counts is what is counted once each worker has noticed the close,
    /// between two of its turns.
    pub(crate) fn wait_for_fibers(&self, crew: &Crew, spared: usize, deadline: Option<Instant>) -> bool {
        // Acquire: pairs with the Release above.
        let has_noticed = |member: &CachePadded<Member>| {
            member.noticed_close.load(Ordering::Acquire) || member.ended.load(Ordering::Acquire)
        };
        let is_over = || crew.members.iter().all(has_noticed) && crew.live() <= spared;
        self.progress.wait_until(deadline, Reason::Scope, is_over)
    }

    /// Waits until all workers' loops have ended but that of `spared`, or until `deadline`.
    pub(crate) fn wait_for_workers(&self, crew: &Crew, spared: Option<usize>, deadline: Instant) -> bool {
        let ended = |(index, member): (usize, &CachePadded<Member>)| {
            Some(index) == spared || member.ended.load(Ordering::Acquire)
        };
        self.progress.wait_until(Some(deadline), Reason::Scope, || crew.members.iter().enumerate().all(ended))
    }
}

/// Ends what stands in the injector, unrun.
pub(crate) fn drop_fresh(crew: &Crew) {
    while let Some(bunch) = crew.injector.pop_bunch() {
        bunch.into_tasks().into_iter().for_each(drop_one);
    }
}

fn drop_one(task: Task) {
    if task.header().record().is_none() {
        task.abandon(NEVER_RAN.to_owned());
    } else {
        // A started fiber that may migrate: it runs on, on the worker that it came from.
        task.header().home().expect("a started fiber has a home").deliver(task);
    }
}

/// Ends what was left, unrun, at the post of a worker that has ended.
fn drop_delivered(member: &Member) {
    for task in member.post.take_delivered() {
        match task.header().home() {
            None => task.abandon(NEVER_RAN.to_owned()),
            // A started fiber: leaked with its worker.
            Some(home) => home.deliver(task),
        }
    }
}
