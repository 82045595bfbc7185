//! What the workers of one runtime share: a row of slices, each of which its own module looks after.
//!
//! Knows nothing of how a worker uses them.

use crate::blocking::BlockingPool;
use crate::deadlock::{DeadlockWatch, Runners};
use crate::dump::Desk;
use crate::hog::{self, Seen, Watch};
use crate::injector::Injector;
use crate::lifecycle::Lifecycle;
use crate::live::LiveTable;
use crate::metrics::Counters;
use crate::monitor::{Monitor, TICK, Watched};
use crate::panic_policy::Policy;
use crate::post::Post;
use crate::runtime::Leaked;
use crate::stack_use::Ledger;
use crate::task::{Depot, Start, Task};
use crate::trace::{Recorder, Tape};
use sisal_base::CachePadded;
use sisal_base::process_fence;
use sisal_base::sync::Mutex;
use sisal_base::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use sisal_coro::{Class, Pool};
use sisal_queue::{Idle, Sleeper, Stealer};
use sisal_reactor::Reactor;
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Fresh tasks that a worker keeps to itself; beyond that they overflow into the injector.
pub(crate) const FRESH_MAX: usize = 256;

/// What one worker shows to the others of its runtime.
pub(crate) struct Member {
    pub(crate) post: &'static Post,
    pub(crate) fresh: Stealer<Task, FRESH_MAX>,
    /// Started fibers that are ready and may migrate; always empty where they stay home.
    pub(crate) movable: Stealer<Task, FRESH_MAX>,
    pub(crate) reactor: Arc<Reactor>,
    /// Fresh tasks that were sent here so that homes are even, and came out of the inbox.
    pub(crate) sent: Mutex<VecDeque<Task>>,
    /// Whether any were sent here since the monitor last took some back. Set after they were left: what the monitor misses its next tick finds.
    pub(crate) was_sent_some: AtomicBool,
    /// One fiber has held the worker for a tick or more, says the monitor. (Not one that waits for a processor: on a busy machine that might be
    /// any, and homes would be uneven.)
    pub(crate) is_held: AtomicBool,
    /// What the worker writes all the time, away from what the others read.
    pub(crate) live: CachePadded<LiveTable>,
    /// The worker has not offered fresh work of its own for a while: the monitor makes it owed.
    pub(crate) owes_later: AtomicBool,
    /// What the worker counts; by its turns the monitor sees whether it still comes round.
    pub(crate) counters: Arc<CachePadded<Counters>>,
    /// The number of the worker's OS thread; 0 until it runs.
    pub(crate) thread: AtomicU64,
    /// What dumps ask of it.
    pub(crate) desk: Desk,
    /// What it did last, while somebody records.
    pub(crate) tape: Tape,
    /// The worker has asked its fibers to end, and starts no more.
    pub(crate) noticed_close: AtomicBool,
    /// The worker's loop has ended.
    pub(crate) ended: AtomicBool,
    /// The fibers that had not ended when the loop did.
    pub(crate) leaked: Mutex<Vec<Leaked>>,
}

impl Member {
    /// Leaves a fresh task that is to start on this worker.
    pub(crate) fn send_fresh(&self, task: Task, start: Start) {
        task.header().start.set(start);
        self.live.expect();
        self.post.deliver(task);
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if self.is_ended() {
            self.post.give();
        }
    }
}

/// How freely a sleeper is woken for fresh tasks. Written by thieves, after what their thefts were worth.
///
/// It counts offers, since a look at the clock (22 ns) would cost each spawn more than all its atomics. What is skipped
/// for too long is paid by the monitor's tick.
pub(crate) struct WakeLimit {
    /// Offers to skip between two wake-ups; 0 as long as the last loot was worth it.
    hold: AtomicU32,
    /// Whether the last loot kept its thief for longer than [`LONG`].
    is_long: AtomicBool,
}

/// What it is worth to wait for a thief for, some hundred microseconds: who shares a worker with it waits as long.
const LONG: Duration = Duration::from_millis(1);

/// The first and the longest hold. A wake-up costs its waker 7,000 ns and a spawn 100: of 4,096 of them, 2 %.
const HOLD_MIN: u32 = 64;
const HOLD_MAX: u32 = 4096;
/// Ticks after which at the latest offers are owed that a worker has held back because of crosstalk: 40 ms.
const LATE_TICKS: u32 = 4;

/// Ticks after which a runtime is not one that ends at once.
const SETTLED_TICKS: u32 = 10;
/// Stacks of a class whose pages are given back in one tick of 10 ms: while workers run for 1 % of a processor, and when all
/// sleep for 5 (0.3 to 0.5 µs each).
const TRIMS_BUSY: usize = 256;
const TRIMS_IDLE: usize = 1024;

/// What the workers of a runtime share.
pub(crate) struct Crew {
    /// The runtime's number, in the order of building.
    pub(crate) number: usize,
    pub(crate) members: Box<[CachePadded<Member>]>,
    pub(crate) injector: Injector<Task>,
    /// Memory for tasks that some workers have too much of.
    pub(crate) depot: Arc<Depot>,
    pub(crate) idle: Idle,
    pub(crate) wake_limit: WakeLimit,
    pub(crate) monitor: Monitor,
    pub(crate) blocking: Arc<BlockingPool>,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) limits: Limits,
    /// Whether the last fresh fiber to need a stack got none: then spawning asks for one before it says yes. Read by every
    /// spawn, and written only then.
    pub(crate) is_out_of_stacks: AtomicBool,
    /// How deep stacks have been, if anybody wants to know.
    pub(crate) stack_use: Option<Ledger>,
    /// What is done about panics that nobody joins, if not the default.
    pub(crate) panic_policy: Option<Arc<Policy>>,
    /// Fibers that were spawned by others than its workers, or for a certain worker.
    pub(crate) spawned_elsewhere: AtomicU64,
    /// Whether workers keep on their tapes what they do.
    pub(crate) recorder: Recorder,
    /// Bare threads that wait in `run`; counted only if deadlocks are looked for.
    pub(crate) runners: Runners,
}

/// What the builder has settled.
pub(crate) struct Limits {
    /// Stacks of fibers whose builder says nothing.
    pub(crate) class: Class,
    /// Stacks of the fibers of `run`.
    pub(crate) root_class: Class,
    pub(crate) fibers_max: usize,
    /// Started fibers may run on any worker.
    pub(crate) migrate: bool,
    /// The seed of unlikely choices, for tests.
    pub(crate) chaos: Option<u64>,
    /// How long a fiber may run without giving way before it is reported.
    pub(crate) hog_threshold: Duration,
    /// Whether the monitor looks for deadlocks.
    pub(crate) detect_deadlock: bool,
    /// What a worker with timers sleeps at least, if that was said.
    pub(crate) timer_slack: Option<Duration>,
}

impl WakeLimit {
    pub(crate) fn new() -> Self {
        Self { hold: AtomicU32::new(0), is_long: AtomicBool::new(false) }
    }

    #[inline]
    pub(crate) fn hold(&self) -> u32 {
        self.hold.load(Ordering::Relaxed)
    }

    /// Notes how long the last loot kept its thief.
    pub(crate) fn note_loot(&self, lasted: Duration) {
        let is_long = lasted > LONG;
        if self.is_long() != is_long {
            self.is_long.store(is_long, Ordering::Relaxed);
        }
    }

    pub(crate) fn is_long(&self) -> bool {
        self.is_long.load(Ordering::Relaxed)
    }

    /// A wake-up was for nothing, or next to nothing.
    pub(crate) fn tighten(&self) {
        self.hold.store((self.hold() * 2).clamp(HOLD_MIN, HOLD_MAX), Ordering::Relaxed);
    }

    /// Loot was worth a wake-up.
    pub(crate) fn loosen(&self) {
        if self.hold() != 0 {
            self.hold.store(0, Ordering::Relaxed);
        }
    }
}

impl Crew {
    pub(crate) fn sleepers(&self) -> impl Iterator<Item = &Sleeper> + Clone {
        self.members.iter().map(|member| member.post.mailbox.sleeper())
    }

    /// Wakes one sleeper, if somebody sleeps and nobody searches: there is work that anybody may take.
    pub(crate) fn wake_one(&self) {
        if let Some(index) = self.idle.wake_one(self.sleepers()) {
            self.members[index].post.ring();
        }
    }

    /// Submits a fresh task from outside the workers.
    pub(crate) fn inject(&self, task: Task) {
        self.spawned_elsewhere.fetch_add(1, Ordering::Relaxed);
        self.give_to_anybody(task);
    }

    /// Leaves a fresh task where whoever has time takes it.
    fn give_to_anybody(&self, task: Task) {
        self.injector.push(task);
        self.wake_one();
        self.lifecycle.after_inject(self);
    }

    /// What was sent to a worker so that homes are even, and has not started, is given to anybody. Once the runtime takes no more work, the
    /// worker drops it: this is no thread for users' code.
    fn take_back(&self, member: &Member) {
        // Acquire: pairs with the Release in `send_on`, so that what is announced is there to be taken. Cleared first: who sends more from
        // here on says so again.
        let some = &member.was_sent_some;
        if !self.lifecycle.is_open() || !some.load(Ordering::Relaxed) || !some.swap(false, Ordering::Acquire)
        {
            return;
        }
        let mut sent: Vec<_> = member.sent.lock().drain(..).collect();
        let is_sent =
            |task: &Task| task.header().record().is_none() && task.header().start.get() == Start::Sent;
        let (newer, others): (Vec<_>, Vec<_>) = member.post.take_delivered().partition(is_sent);
        if !others.is_empty() {
            others.into_iter().for_each(|task| member.post.deliver(task));
            self.lifecycle.after_deliver(member);
        }
        sent.extend(newer);
        for task in sent {
            member.live.expect_no_more();
            task.header().start.set(Start::Anywhere);
            self.give_to_anybody(task);
        }
    }

    /// Rings every worker, so that it looks at the state of the runtime.
    pub(crate) fn ring_all(&self) {
        for member in &self.members {
            let _ = member.post.mailbox.sleeper().wake();
            member.post.ring();
        }
    }

    /// Live fibers of all workers.
    pub(crate) fn live(&self) -> usize {
        self.members.iter().map(|member| member.live.count()).sum()
    }

    /// Fibers that were spawned and have not ended, started or not. Those that another worker moves right now may be missing; and where
    /// fibers migrate those in the injector are, of which some have started and are counted where they live.
    pub(crate) fn spawned(&self) -> usize {
        let of = |member: &CachePadded<Member>| member.live.count_with_expected() + member.fresh.len();
        let injected = if self.limits.migrate { 0 } else { self.injector.len() };
        self.members.iter().map(of).sum::<usize>() + injected
    }
}

/// The monitor's view: which workers came round since the last tick.
pub(crate) struct CrewWatch {
    pub(crate) crew: Arc<Crew>,
    pub(crate) watches: Box<[Watch]>,
    /// The tick at which late debts were last looked for.
    pub(crate) late_seen: Cell<u32>,
    pub(crate) deadlock: DeadlockWatch,
}

impl Watched for CrewWatch {
    fn on_tick(&self) -> bool {
        let tick = self.crew.monitor.tick();
        if tick >= SETTLED_TICKS {
            process_fence::enable();
        }
        self.own_up_to_late_debts(tick);
        if let Some(index) = self.crew.idle.pay(self.crew.sleepers()) {
            self.crew.members[index].post.ring();
        }
        for (index, (member, watch)) in self.crew.members.iter().zip(&self.watches).enumerate() {
            let seen = watch.look(member);
            let is_held = watch.held(member, TICK).is_some();
            if member.is_held.load(Ordering::Relaxed) != is_held {
                member.is_held.store(is_held, Ordering::Relaxed);
            }
            if is_held {
                self.crew.take_back(member);
            }
            if let Seen::Busy(held) = seen {
                member.counters.note_held(held);
                // Its sockets go on while a fiber hogs it: those who wait for them may live on other workers.
                let _ = member.reactor.turn(Some(Duration::ZERO));
                if let Some(held) = watch.is_due(member, self.crew.limits.hog_threshold) {
                    member.counters.hogs.add(1);
                    hog::report(&self.crew, index, held);
                }
            }
        }
        let is_awake = self.any_awake();
        // What a burst has left behind is given back before the monitor sleeps, however much it was.
        let is_trimming = Pool::global().trim_cold(if is_awake { TRIMS_BUSY } else { TRIMS_IDLE }) > 0;
        let looks_on = self.crew.limits.detect_deadlock && self.deadlock.look(&self.crew);
        is_awake || is_trimming || looks_on
    }

    fn any_awake(&self) -> bool {
        self.crew.sleepers().any(|sleeper| !sleeper.is_asleep())
    }
}

impl CrewWatch {
    /// What workers have held back becomes owed, now and then.
    fn own_up_to_late_debts(&self, tick: u32) {
        if tick.wrapping_sub(self.late_seen.get()) < LATE_TICKS {
            return;
        }
        self.late_seen.set(tick);
        for member in &self.crew.members {
            // Cleared first, as in `Idle::pay`: what is held back from here on is for later.
            if member.owes_later.load(Ordering::Relaxed) && member.owes_later.swap(false, Ordering::Relaxed) {
                self.crew.idle.owe();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Builder;
    use sisal_queue::Roused;
    use std::ptr;

    /// Else who spawns late, for a certain worker, leaves its task with a worker of another runtime.
    #[test]
    fn posts_serve_no_other_runtime_while_somebody_can_reach_theirs() {
        let posts =
            |crew: &Crew| crew.members.iter().map(|member| ptr::from_ref(member.post)).collect::<Vec<_>>();
        let runtime = Builder::new().workers(2).build().unwrap();
        let handle = runtime.handle().clone();
        runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
        let others: Vec<_> = (0..10).map(|_| Builder::new().workers(2).build().unwrap()).collect();
        let reused = others
            .iter()
            .flat_map(|other| posts(other.handle().crew()))
            .find(|post| posts(handle.crew()).contains(post));
        assert_eq!(reused, None);
    }

    #[test]
    fn late_debts_become_owed_each_fourth_tick_and_once() {
        const WORKERS: usize = 2;
        let reactors = (0..WORKERS).map(|_| Reactor::new().unwrap()).collect();
        // Nobody has a thread: nothing moves by itself.
        let (crew, _ends) = Builder::new().crew(reactors).unwrap();
        let sleeper = crew.members[1].post.mailbox.sleeper();
        let pays = || {
            crew.idle.announce(sleeper);
            let is_woken = crew.idle.pay(crew.sleepers()) == Some(1);
            match crew.idle.withdraw(sleeper) {
                Roused::RungToSearch(searching) => searching.give_up(),
                Roused::ByMyself | Roused::Rung => {}
            }
            is_woken
        };
        // Ticks wrap.
        for start in [0, 7, u32::MAX - 5] {
            let watch = CrewWatch {
                crew: Arc::clone(&crew),
                watches: Box::new([]),
                late_seen: Cell::new(start),
                deadlock: DeadlockWatch::default(),
            };
            let pays_at = |later: u32| {
                let members: &[usize] = match later {
                    1 | 2 | 9 => &[0],
                    4 => &[0, 1],
                    16 => &[1],
                    _ => &[],
                };
                members.iter().for_each(|&own| crew.members[own].owes_later.store(true, Ordering::Relaxed));
                watch.own_up_to_late_debts(start.wrapping_add(later));
                pays()
            };
            let paid: Vec<u32> = (1..=24).filter(|later| pays_at(*later)).collect();
            assert_eq!(paid, [4, 12, 16], "from {start} on");
        }
    }
}
