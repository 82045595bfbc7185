//! Same seed, same run: tests in which the scheduler's every choice comes from a seed, and time is virtual.
//!
//! The very scheduler that ships runs the fibers, with several workers on one OS thread. All that it may choose is drawn from the seed, and a
//! run that fails, fails again, with the same seed, on every machine:
//!
//! | choice | what is drawn |
//! |---|---|
//! | worker | which of those that have something to do has its turn |
//! | queue | which of its queues it looks at first, and where in it; when it looks at timers and the injector |
//! | ready-first | whether who was handed something goes before the others |
//! | victim, steal size | whom a thief robs, and of how much |
//! | late wake | whether a sleeping worker hears at once of fresh work |
//! | wake order | whether who is woken passes those that are ready |
//! | timer tie | who of those that wait for one moment goes first |
//! | early return | which parks return for no reason |
//! | slice | after how many operations a fiber gives way; after 256 at the most |
//! | blocking end | when a [`blocking`](crate::blocking) call begins and ends |
//! | operation | at which arm a `select!` looks first, what the simulated network does |
//!
//! Some seeds go by priorities instead, which find rare bugs with a known probability: see [`Schedule`].
//!
//! Time stands nearly still while something runs (a turn takes 1 µs), and jumps to the next timer when nothing does: a sleep of an hour
//! costs nothing. Ask [`now`](crate::now()) for it, never [`Instant::now`](std::time::Instant::now), which shows the real one: the
//! simulation's is 30 years ahead, and a fiber that waits until a time of the real one fails with its name.
//!
//! A run fails if its closure panics; if a fiber panics that nobody joins; if all fibers are parked and no timer is armed, which is a
//! deadlock; or if, when the closure has returned, fibers are left that do not end by themselves.
//!
//! ```
//! use sisal_scheduler::{sim, sleep, spawn};
//! use std::time::Duration;
//!
//! sim::run(7, || {
//!     let other = spawn(|| sleep(Duration::from_secs(3600)));
//!     other.join().unwrap();
//!     assert!(sim::now() >= Duration::from_secs(3600));
//! });
//! ```
//!
//! What is outside stays outside: real descriptors are an error where they would have to wait, OS threads that a test starts run when they like,
//! and what depends on addresses or on std's random hashes is not the same in every run. A closure of `blocking` runs on its fiber's stack.

mod choices;
mod explore;
mod failure;
mod journal;
mod play;
mod progress;
mod schedule;
mod stage;
mod world;

pub(crate) use choices::About;
pub use explore::explore;
pub(crate) use journal::Outcome;
pub use play::Builder;
pub use progress::Progress;
pub use schedule::Schedule;
pub(crate) use world::Sim;

use crate::current::with_worker;
use sisal_park::{Cancellable, Reason, with_current};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// What can be said of a run that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// A hash of all that happened: which fiber ran where and when, and what came of it. The same for the same seed and program.
    pub trace_hash: u64,
    /// How many turns fibers had.
    pub turns: u64,
    /// How many choices were made.
    pub choices: u64,
    /// How many fibers there were.
    pub fibers: u64,
    /// How many operations they made before which another could have been let in: sends, locks, looks at a flag, calls of
    /// [`checkpoint`](crate::checkpoint).
    pub operations: u64,
    /// The time that has passed in it.
    pub elapsed: Duration,
}

/// Runs `f` as a fiber of a simulation with two workers, whose every choice comes from `seed`. See [`Builder`] for settings.
///
/// # Panics
/// With the report, if the run fails; on a fiber; if the system gives no memory for stacks.
#[track_caller]
pub fn run<T>(seed: u64, f: impl FnOnce() -> T) -> T {
    Builder::new().run(seed, f).0
}

/// The simulation of the running fiber.
fn current() -> Rc<Sim> {
    let sim = with_worker(|worker| worker.and_then(|worker| worker.sim()).cloned());
    sim.expect("only a fiber of a simulation can ask for this")
}

/// Whether this runs in a simulation.
///
/// ```
/// use sisal_scheduler::sim;
/// assert!(!sim::is_running());
/// assert!(sim::run(1, sim::is_running));
/// ```
pub fn is_running() -> bool {
    with_worker(|worker| worker.is_some_and(|worker| worker.sim().is_some()))
}

/// The time since the simulation began.
///
/// # Panics
/// Outside of a simulation.
pub fn now() -> Duration {
    current().elapsed()
}

/// A choice of the test's own in `0..bound`, from the run's seed as all others: which value to write, when to cut which link. When a failure
/// is shrunk, choices become 0 as far as that goes: let that be the calm one.
///
/// ```
/// use sisal_scheduler::sim;
/// assert!(sim::run(1, || sim::choose(6)) < 6);
/// assert_eq!(sim::run(1, || sim::choose(1_000)), sim::run(1, || sim::choose(1_000)));
/// ```
///
/// # Panics
/// Outside of a simulation.
pub fn choose(bound: usize) -> usize {
    current().choose(About::Agent, bound)
}

/// Moves the clock, whatever is ready meanwhile, and then [settles](settle): timers that are due by then have fired.
///
/// ```
/// use sisal_scheduler::{sim, sleep, spawn};
/// use std::time::Duration;
/// sim::run(1, || {
///     let sleeper = spawn(|| sleep(Duration::from_secs(60)));
///     sim::settle();
///     sim::advance(Duration::from_secs(59));
///     assert!(!sleeper.is_finished());
///     sim::advance(Duration::from_secs(2));
///     assert!(sleeper.is_finished());
/// });
/// ```
///
/// # Panics
/// Outside of a simulation.
pub fn advance(duration: Duration) {
    let sim = current();
    sim.set_elapsed(sim.elapsed() + duration);
    settle();
}

/// Waits until all other fibers are parked. The clock does not jump meanwhile.
///
/// # Panics
/// Outside of a simulation.
pub fn settle() {
    let sim = current();
    let settled = Rc::new(Cell::new(false));
    with_current(|agent| {
        sim.enter_settler(agent.waker(), Rc::clone(&settled));
        while !settled.get() {
            let _ = agent.park(None, Reason::Sleep, Cancellable::Never);
        }
    });
}
