//! What a runtime has done and what it has before it, in figures.
//!
//! Knows nothing of how workers count; it adds up what they show.
//!
//! Counting costs next to nothing: a worker's counters lie on lines of its own and are written without read-modify-writes, switches are what
//! the loop counts anyway, and delays are sampled.

mod counters;
mod delay;
mod prometheus;

pub(crate) use counters::Counters;
pub use delay::Delays;

use crate::crew::{Crew, Member};
use crate::runtime::{Handle, Runtime};
use sisal_base::sync::atomic::Ordering;
use sisal_coro::Pool;
use std::time::Duration;

/// A snapshot of a runtime's figures. Taken while all goes on, so that they may lie a little apart.
///
/// ```
/// let runtime = sisal_scheduler::Runtime::builder().workers(2).build().unwrap();
/// runtime.run(|| (0..10).for_each(|_| sisal_scheduler::spawn(|| ()).join().unwrap()));
/// let metrics = runtime.metrics();
/// assert_eq!(metrics.total.spawned, 11);
/// assert_eq!(metrics.workers.len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// One entry a worker, by index.
    pub workers: Vec<WorkerMetrics>,
    /// Their sum, together with what was spawned from outside of the workers. (`longest_run` is the longest of all.)
    pub total: WorkerMetrics,
    /// Fresh fibers in the queue that all workers share.
    pub injector_depth: u64,
    /// The threads for blocking calls.
    pub blocking: BlockingMetrics,
    /// The stacks of the process: all runtimes share them.
    pub stacks: StackMetrics,
}

/// One worker's figures, or the sum of all. Those that count begin at the runtime's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerMetrics {
    /// Fibers that have started and not ended.
    pub alive: u64,
    /// Those of them that could run, when the worker last looked around: at each tick (10 ms) and before it sleeps, unless a fiber holds it.
    pub ready: u64,
    /// Those of them that waited, at that moment.
    pub parked: u64,
    /// Fibers that were spawned, here or for here.
    pub spawned: u64,
    /// Fibers that have ended, be it by a panic.
    pub finished: u64,
    /// Fibers that have ended by a panic.
    pub panicked: u64,
    /// Switches into fibers.
    pub switches: u64,
    /// Looks into another worker's queue that had something to steal.
    pub steals_tried: u64,
    /// Those that brought something.
    pub steals_won: u64,
    /// Fresh fibers in the worker's own queue.
    pub local_depth: u64,
    /// Searches for work.
    pub searches: u64,
    /// Sleeps in the kernel, or attempts at one that found work at the last moment.
    pub sleeps: u64,
    /// Sleeps that others have ended, because they had work.
    pub wakeups: u64,
    /// Fibers whose deadline came.
    pub timer_fires: u64,
    /// Events that the kernel has reported of the worker's sockets.
    pub io_events: u64,
    /// The longest time for which the worker did not come back to its loop. The monitor sees it to 10 ms; what is shorter counts as zero.
    pub longest_run: Duration,
    /// Hogs that were reported, see [`Builder::hog_threshold`](crate::runtime::Builder::hog_threshold).
    pub hogs: u64,
    /// How long ready fibers waited for their turn.
    pub delays: Delays,
}

/// The threads for blocking calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockingMetrics {
    /// Threads that there are.
    pub threads: u64,
    /// Those of them that have nothing to do.
    pub idle: u64,
    /// Calls that wait for a thread.
    pub queued: u64,
    /// Calls that there have been.
    pub calls: u64,
}

/// The stacks of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackMetrics {
    /// Stacks that a fiber or a coroutine has.
    pub in_use: u64,
    /// Stacks that wait for the next.
    pub cached: u64,
    /// Stacks that are never used again, because what ran on them was given up half-way.
    pub leaked: u64,
    /// Address space reserved for stacks, in bytes. It is not memory: that comes at first touch.
    pub mapped_bytes: u64,
}

impl Runtime {
    /// The runtime's figures.
    pub fn metrics(&self) -> Metrics {
        self.handle().metrics()
    }
}

impl Handle {
    /// The figures of the handle's runtime.
    pub fn metrics(&self) -> Metrics {
        Metrics::of(self.crew())
    }
}

impl Metrics {
    fn of(crew: &Crew) -> Self {
        let workers: Vec<_> = crew.members.iter().map(|member| WorkerMetrics::of(member)).collect();
        let mut total = WorkerMetrics::default();
        workers.iter().for_each(|worker| total.add(worker));
        total.spawned += crew.spawned_elsewhere.load(Ordering::Relaxed);
        let stacks = Pool::global().stats();
        Self {
            workers,
            total,
            injector_depth: crew.injector.len() as u64,
            blocking: crew.blocking.metrics(),
            stacks: StackMetrics {
                in_use: stacks.in_use as u64,
                cached: stacks.cached as u64,
                leaked: stacks.leaked as u64,
                mapped_bytes: stacks.mapped_bytes as u64,
            },
        }
    }
}

impl WorkerMetrics {
    fn of(member: &Member) -> Self {
        let counters = &member.counters;
        let ready = counters.ready.get();
        Self {
            alive: member.live.count() as u64,
            ready,
            parked: counters.live_then.get().saturating_sub(ready),
            spawned: counters.spawned.get(),
            finished: counters.finished.get(),
            panicked: counters.panicked.get(),
            switches: counters.turns.get().saturating_sub(counters.unstarted.get()),
            steals_tried: counters.steals_tried.get(),
            steals_won: counters.steals_won.get(),
            local_depth: member.fresh.len() as u64,
            searches: counters.searches.get(),
            sleeps: counters.sleeps.get(),
            wakeups: counters.wakeups.get(),
            timer_fires: counters.timer_fires.get(),
            io_events: counters.io_events.get(),
            longest_run: Duration::from_nanos(counters.longest_run_ns.get()),
            hogs: counters.hogs.get(),
            delays: counters.delays.snapshot(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.alive += other.alive;
        self.ready += other.ready;
        self.parked += other.parked;
        self.spawned += other.spawned;
        self.finished += other.finished;
        self.panicked += other.panicked;
        self.switches += other.switches;
        self.steals_tried += other.steals_tried;
        self.steals_won += other.steals_won;
        self.local_depth += other.local_depth;
        self.searches += other.searches;
        self.sleeps += other.sleeps;
        self.wakeups += other.wakeups;
        self.timer_fires += other.timer_fires;
        self.io_events += other.io_events;
        self.longest_run = self.longest_run.max(other.longest_run);
        self.hogs += other.hogs;
        self.delays.add(&other.delays);
    }
}
