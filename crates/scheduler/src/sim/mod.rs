//! Same seed, same run: tests in which the scheduler's every choice comes from a seed, and time is virtual.
//!
//! The very scheduler that ships runs the fibers, with several workers on one OS thread. Which worker has its turn, which fiber it takes,
//! what it steals, where a fiber gives way, which arm a `select!` looks at first, which parks return for no reason, when a
//! [`blocking`](crate::blocking) call ends: all of it is drawn from the seed. A run that fails, fails again, with the same seed, on every
//! machine.
//!
//! Time stands nearly still while something runs (a turn takes 1 µs), and jumps to the next timer when nothing does: a sleep of an hour
//! costs nothing. Ask [`now`](crate::now()) for it, never [`Instant::now`](std::time::Instant::now), which shows the real one.
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
mod stage;
mod world;

pub use explore::explore;
pub(crate) use journal::Outcome;
pub use play::Builder;
pub use progress::Progress;
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
