//! One run from its beginning to its end, and its settings.
//!
//! Knows nothing of other runs.

use super::Run;
use super::choices::Choices;
use super::failure::Failure;
use super::journal::Tells;
use super::progress::Progress;
use super::schedule::Schedule;
use super::stage::{Stage, Stop};
use super::world::Sim;
use crate::current::with_worker;
use crate::dump::lettered;
use crate::runtime::{self, PanicPolicy};
use crate::spawn;
use std::panic::{Location, resume_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

/// Workers of a simulation whose builder says nothing: the fewest that can steal.
const WORKERS: usize = 2;
/// Turns after which a run counts as endless.
const TURNS_MAX: u64 = 10_000_000;
/// Turns that fibers get, after the run, to end when they are asked to.
const TURNS_TO_END: u64 = 100_000;
/// The stacks of simulated fibers: they run blocking calls themselves.
const STACK_SIZE: usize = 256 * 1024;

/// Settings of simulations.
///
/// ```
/// use sisal_scheduler::sim;
/// let (sum, run) = sim::Builder::new().workers(3).run(7, || sisal_scheduler::spawn(|| 1 + 1).join().unwrap());
/// assert_eq!(sum, 2);
/// let (_, again) = sim::Builder::new().workers(3).run(7, || sisal_scheduler::spawn(|| 1 + 1).join().unwrap());
/// assert_eq!(run.trace_hash, again.trace_hash);
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    workers: usize,
    turns_max: u64,
    allows_leaks: bool,
    schedule: Schedule,
    progress: Option<Arc<Progress>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

/// What is left of a run.
pub(super) struct Played<T> {
    pub(super) result: Result<T, Failure>,
    pub(super) run: Run,
    pub(super) choices: Vec<u32>,
    pub(super) story: String,
}

impl Builder {
    /// Two workers; fibers that are left over are a failure.
    pub fn new() -> Self {
        Self {
            workers: WORKERS,
            turns_max: TURNS_MAX,
            allows_leaks: false,
            schedule: Schedule::Mixed,
            progress: None,
        }
    }

    /// How many workers there are.
    ///
    /// # Panics
    /// If it is 0.
    pub fn workers(mut self, count: usize) -> Self {
        assert!(count > 0, "0 workers: a simulation takes 1 at least");
        self.workers = count;
        self
    }

    /// After how many turns a run counts as endless; 10 million if not set.
    pub fn turns_max(mut self, turns: u64) -> Self {
        self.turns_max = turns;
        self
    }

    /// Whether fibers may be left when the closure has returned. They are asked to end then.
    pub fn allow_leaks(mut self, allow: bool) -> Self {
        self.allows_leaks = allow;
        self
    }

    /// How fibers are scheduled: [`Schedule::Mixed`] if not set.
    ///
    /// ```
    /// use sisal_scheduler::{sim, spawn};
    /// let by_priorities = sim::Schedule::Priorities { depth: 2, steps: 100 };
    /// sim::Builder::new().schedule(by_priorities).run(7, || spawn(|| ()).join().unwrap());
    /// ```
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Tells `progress` how far it is, and stops when that says so.
    pub fn progress(mut self, progress: Arc<Progress>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Runs `f` as a fiber of a simulation whose every choice comes from `seed`; its result, and what can be said of the run.
    ///
    /// # Panics
    /// As [`run`](super::run).
    #[track_caller]
    pub fn run<T>(&self, seed: u64, f: impl FnOnce() -> T) -> (T, Run) {
        let played = self.play(Location::caller(), seed, None, Tells::Nothing, f);
        match played.result {
            Ok(value) => (value, played.run),
            Err(Failure::Panic(payload)) => {
                eprintln!("sisal: in the simulation with the seed {seed}");
                resume_unwind(payload)
            }
            Err(failure) => panic!("in the simulation with the seed {seed}: {failure}"),
        }
    }

    /// Runs `f` and gives all that happened: each choice, spawn, wake and turn, one a line, and how it ended in the last. The same
    /// text for the same seed, byte for byte.
    ///
    /// ```
    /// use sisal_scheduler::{sim, spawn};
    /// // At one place: the place of the call is where its first fiber was spawned.
    /// let log = || sim::Builder::new().log(7, || spawn(|| ()).join().unwrap());
    /// assert!(log().contains("#1 spawns #2"));
    /// assert_eq!(log(), log());
    /// ```
    #[track_caller]
    pub fn log(&self, seed: u64, f: impl FnOnce()) -> String {
        let played = self.play(Location::caller(), seed, None, Tells::All, f);
        let end = match played.result {
            Ok(()) => format!("end, with the trace hash {:#018x}", played.run.trace_hash),
            Err(failure) => failure.to_string(),
        };
        played.story + &end
    }

    /// One run, with the choices of the seed or those given. `site` is where it was asked for.
    pub(super) fn play<T>(
        &self,
        site: &'static Location<'static>,
        seed: u64,
        given: Option<Vec<u32>>,
        tells: Tells,
        f: impl FnOnce() -> T,
    ) -> Played<T> {
        assert!(with_worker(|worker| worker.is_none()), "a simulation runs on a bare thread, not on a fiber");
        let choices = Choices::new(seed, self.schedule, given);
        let sim = Rc::new(Sim::new(self.workers, choices, tells).watched_by(self.progress.clone()));
        if let Some(progress) = &self.progress {
            progress.begin_run(seed);
        }
        let panics = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&panics);
        let note = move |panic: &runtime::UnjoinedPanic<'_>| {
            let text =
                format!("{} (spawned at {})", panic.message().unwrap_or("(no text)"), panic.spawned_at());
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        };
        let settings =
            runtime::Builder::new().stack_size(STACK_SIZE).on_panic(PanicPolicy::Callback(Box::new(note)));
        let stage = Stage::new(settings, self.workers, Rc::clone(&sim));
        let mut stage = stage.unwrap_or_else(|error| panic!("cannot start a simulation: {error}"));
        sisal_reactor::forbid(true);
        let root = spawn::Builder::new().root().name("root".into());
        // SAFETY: this thread alone runs the stage, and only inside this function: whatever `f` borrows lives until its fiber
        // has ended or never runs again.
        let root = unsafe { root.spawn_at(site, f, (), Some(&stage.crew)) };
        let root = root.unwrap_or_else(|error| panic!("cannot start a simulation: {error}"));
        sim.set_root(root.fiber().id().as_u64());
        let mut failure = self.until_end(&mut stage, || root.is_finished());
        let value = match failure {
            None => root.join().map_err(|payload| failure = Some(Failure::Panic(payload))).ok(),
            Some(_) => {
                drop(root);
                None
            }
        };
        if value.is_some() && !self.allows_leaks {
            failure = self.until_quiet(&mut stage);
        }
        // Before the end, in which fibers fail that are asked to end.
        let unjoined = panics.lock().unwrap_or_else(PoisonError::into_inner).first().cloned();
        let journal = sim.journal().borrow();
        let run = Run {
            trace_hash: journal.hash(),
            turns: journal.turns(),
            choices: sim.choices().count(),
            fibers: sim.fibers(),
            operations: sim.operations(),
            elapsed: sim.elapsed(),
        };
        let story = lettered(&journal.story());
        drop(journal);
        let choices = sim.choices().take();
        stage.close(TURNS_TO_END);
        sisal_reactor::forbid(false);
        let result = match (failure, unjoined, value) {
            (Some(failure), ..) => Err(failure),
            (None, Some(text), _) => Err(Failure::Unjoined(text)),
            (None, None, value) => Ok(value.expect("a run without a failure has a result")),
        };
        Played { result, run, choices, story }
    }

    /// Plays until the root has ended; what was wrong, if it has not.
    fn until_end(&self, stage: &mut Stage, is_done: impl Fn() -> bool) -> Option<Failure> {
        match stage.play(is_done, true, self.turns_max) {
            Stop::Done => None,
            Stop::Quiet => Some(Failure::Deadlock(report(stage))),
            Stop::Endless => Some(Failure::Endless(self.turns_max, report(stage))),
            Stop::Stopped => Some(Failure::Stopped(report(stage))),
            Stop::RealTime => Some(real_time(stage)),
        }
    }

    /// Plays until all are parked; what was wrong, if any are.
    fn until_quiet(&self, stage: &mut Stage) -> Option<Failure> {
        match stage.play(|| false, false, self.turns_max) {
            Stop::Endless => Some(Failure::Endless(self.turns_max, report(stage))),
            Stop::Stopped => Some(Failure::Stopped(report(stage))),
            Stop::RealTime => Some(real_time(stage)),
            Stop::Quiet if stage.crew.live() > 0 => Some(Failure::Leaked(report(stage))),
            Stop::Quiet | Stop::Done => None,
        }
    }
}

/// Somebody has taken the wrong clock.
fn real_time(stage: &Stage) -> Failure {
    Failure::RealTime(stage.sim.real_time().unwrap_or_default())
}

/// Who waits for what, and in which circles.
fn report(stage: &Stage) -> String {
    stage.worker().dump_simulation(&stage.sim).to_string()
}
