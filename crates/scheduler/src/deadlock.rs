//! Deadlock: all fibers wait, and nobody is left who could wake one.
//!
//! Knows nothing of who waits for whom; that is the dump's to say.
//!
//! Why an alarm is true. The monitor finds all workers asleep, their queues empty and the blocking pool without a job; it counts
//! the threads of the process; then it has a dump made, in which each fiber must have been parked since before the question,
//! for nothing that ends by itself or from outside (a deadline, a file descriptor, a blocking call); then it counts again.
//! So at the moment of the question every fiber was parked, and every thread was one of these:
//!
//! | thread | could it wake a fiber? |
//! |---|---|
//! | a worker | it slept; a fiber that was woken would not have been parked, nor be parked *since before* if it is again |
//! | the monitor | it makes this look |
//! | an idle thread of the blocking pool | only if it were given a job, by a fiber or by another thread |
//! | a bare thread in `run` whose fiber has not ended | it waits for that fiber |
//!
//! Any other thread, also one of another runtime, stops the alarm: it may hold a sender, a handle or a cloned waker. One that
//! ended during the look was there at the first count. That all fibers wait for such a thread is said once, with the dump.
//!
//! Race: a bare thread is counted as waiting in `run`, and only then spawns its fiber, which would have woken others. So it
//! counts itself after the spawn, when the fiber stands in a queue; and the fiber takes it out of the count as its last step,
//! while its worker is awake. In between the count may be too low, which only stops an alarm.

use crate::crew::Crew;
use crate::dump::{Dump, FiberDump, FiberState};
use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use sisal_park::Reason;
use std::cell::Cell;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::{fs, process};

/// Ticks of 10 ms in which all workers sleep before the next look, which reads a directory and wakes them all.
const QUIET_TICKS: u32 = 20;

/// How many bare threads wait in `run` for a fiber that has not ended; wraps below 0 for the moment of the race above.
pub(crate) struct Runners(AtomicUsize);

impl Runners {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// The fiber is in a queue.
    pub(crate) fn enter(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Taken along by the fiber of a `run`: its end takes the runner out of the count.
pub(crate) struct RootEnd(pub(crate) Arc<Crew>);

impl Drop for RootEnd {
    fn drop(&mut self) {
        self.0.runners.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What the monitor remembers from tick to tick.
#[derive(Default)]
pub(crate) struct DeadlockWatch {
    quiet: Cell<u32>,
    /// It was said that all fibers wait for a thread outside.
    has_said: Cell<bool>,
}

/// What a look has found.
enum Found {
    /// Somebody in here will wake a fiber, or might.
    Nothing,
    /// All wait, and a thread outside is left who may or may not wake one.
    Doubt(Dump),
    Deadlock(Dump),
}

impl DeadlockWatch {
    /// Looks, once a tick; whether it wants another tick.
    pub(crate) fn look(&self, crew: &Arc<Crew>) -> bool {
        if crew.live() == 0 || !is_quiet(crew) {
            self.quiet.set(0);
            return crew.live() > 0;
        }
        self.quiet.set(self.quiet.get() + 1);
        if self.quiet.get() == QUIET_TICKS {
            self.quiet.set(0);
            match find(crew, !self.has_said.get()) {
                Found::Nothing => {}
                Found::Doubt(dump) => {
                    self.has_said.set(true);
                    say_doubt(&dump);
                }
                Found::Deadlock(dump) => end_process(&dump),
            }
        }
        true
    }
}

/// Whether nothing is under way as far as queues show.
fn is_quiet(crew: &Crew) -> bool {
    let pool = crew.blocking.metrics();
    crew.lifecycle.is_open()
        && crew.injector.is_empty()
        && pool.queued == 0
        && pool.idle == pool.threads
        && crew.members.iter().all(|member| {
            let mailbox = &member.post.mailbox;
            mailbox.sleeper().is_asleep()
                && mailbox.inbox().is_empty()
                && member.fresh.is_empty()
                && member.movable.is_empty()
        })
}

/// Looks at every fiber, if the threads allow an alarm, or a doubt is `wanted`.
fn find(crew: &Arc<Crew>, wanted: bool) -> Found {
    let were_known = all_threads_are_known(crew);
    if !were_known && !wanted {
        return Found::Nothing;
    }
    let dump = Dump::of(std::slice::from_ref(crew));
    let all_wait = dump.workers.iter().all(|worker| worker.has_answered && worker.fresh == 0)
        && dump.fibers.len() == crew.live()
        && dump.fibers.iter().all(waits_for_a_wake);
    match (all_wait, were_known && all_threads_are_known(crew)) {
        (false, _) => Found::Nothing,
        (true, true) => Found::Deadlock(dump),
        (true, false) => Found::Doubt(dump),
    }
}

/// Whether another fiber or a thread of this process must end the wait, and nothing else can.
fn waits_for_a_wake(fiber: &FiberDump) -> bool {
    let ends_otherwise = match fiber.waits_for {
        None => true,
        Some(Reason::Readable(_) | Reason::Writable(_) | Reason::Blocking | Reason::Sleep) => true,
        Some(_) => false,
    };
    fiber.state == FiberState::Parked && fiber.since_before && fiber.left.is_none() && !ends_otherwise
}

/// Whether the process has no thread but those in the table above. Where the system does not tell, nobody knows.
fn all_threads_are_known(crew: &Crew) -> bool {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return false };
    let runners = crew.runners.0.load(Ordering::Acquire) as isize;
    let idle = crew.blocking.metrics().idle;
    let known = crew.members.len() as u64 + 1 + idle;
    known.checked_add_signed(runners as i64) == Some(threads.count() as u64)
}

fn say_doubt(dump: &Dump) {
    eprintln!(
        "sisal: all fibers wait, and only a thread outside of their runtime could wake one: no alarm, and said once \
         (runtime::Builder::detect_deadlock)\n{dump}"
    );
}

/// Panics, so that the panic hook is told; but there is nobody to unwind: those who wait have borrowed from one another.
fn end_process(dump: &Dump) -> ! {
    let text = format!(
        "deadlock: all fibers wait, and no thread is left that could wake one \
         (runtime::Builder::detect_deadlock)\n{dump}"
    );
    let _ = catch_unwind(|| panic!("{text}"));
    process::abort()
}
