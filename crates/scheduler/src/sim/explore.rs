//! Many runs of one program, and of the first that fails: how to run it again, and the shortest way to it.
//!
//! Knows nothing of how a run is made.

use super::failure::Failure;
use super::journal::Tells;
use super::play::{Builder, Played};
use std::cell::Cell;
use std::fmt::Write;
use std::panic::{self, Location};
use std::sync::Once;

/// Runs in which a failure is shrunk.
const SHRINKS_MAX: usize = 300;
/// Turns that these runs may take together: those of an endless failure are all long.
const SHRINKS_TURNS_MAX: u64 = 2_000_000;

/// Runs `f` in a simulation for each of `seeds`. With `SISAL_SEED=7` in the environment, for that one alone.
///
/// ```
/// use sisal_scheduler::{sim, spawn};
/// sim::explore(0..50, || assert_eq!(spawn(|| 1 + 1).join().unwrap(), 2));
/// ```
///
/// # Panics
/// If a run fails. The message says what was wrong, how to run that seed again, and what happened: in a run that was shrunk, by making
/// ever more of its choices the calm ones, to few switches.
#[track_caller]
pub fn explore(seeds: impl IntoIterator<Item = u64>, f: impl Fn()) {
    Builder::new().explore(seeds, f);
}

impl Builder {
    /// [`explore`] with these settings.
    ///
    /// # Panics
    /// As [`explore`].
    #[track_caller]
    pub fn explore(&self, seeds: impl IntoIterator<Item = u64>, f: impl Fn()) {
        if let Some(report) = self.search(seeds, f) {
            panic!("{report}");
        }
    }

    /// Runs `f` for each of `seeds` until one fails; the report of that one: for tests that plant a bug and want it found.
    ///
    /// ```
    /// use sisal_scheduler::{sim, spawn, yield_now};
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    ///
    /// let report = sim::Builder::new().search(0..1_000, || {
    ///     static COUNT: AtomicU32 = AtomicU32::new(0);
    ///     COUNT.store(0, Relaxed);
    ///     let add = || {
    ///         let count = COUNT.load(Relaxed);
    ///         yield_now(); // the others may come in between
    ///         COUNT.store(count + 1, Relaxed);
    ///     };
    ///     let (a, b) = (spawn(add), spawn(add));
    ///     a.join().unwrap();
    ///     b.join().unwrap();
    ///     assert_eq!(COUNT.load(Relaxed), 2);
    /// });
    /// assert!(report.unwrap().contains("SISAL_SEED="));
    /// ```
    #[track_caller]
    pub fn search(&self, seeds: impl IntoIterator<Item = u64>, f: impl Fn()) -> Option<String> {
        let wanted = std::env::var("SISAL_SEED").ok().map(|text| {
            text.trim().parse().unwrap_or_else(|_| panic!("SISAL_SEED={text:?} is not a number"))
        });
        let only = |seed: &u64| wanted.is_none_or(|wanted: u64| wanted == *seed);
        let seeds = wanted.into_iter().chain(seeds.into_iter().filter(|_| wanted.is_none()));
        let site = Location::caller();
        for seed in seeds.filter(only) {
            let played = self.play(site, seed, None, Tells::Nothing, &f);
            if let Err(failure) = played.result {
                if let Failure::Stopped(_) = failure {
                    // Another run would end where it begins.
                    return Some(format!("in the simulation with the seed {seed}: {failure}"));
                }
                return Some(quietly(|| self.shrink(site, seed, failure, played.choices, &f)));
            }
        }
        None
    }

    /// Makes choices calm, or leaves them out, ever smaller blocks of them, as long as the run fails alike; tells the last that did.
    fn shrink(
        &self,
        site: &'static Location<'static>,
        seed: u64,
        failure: Failure,
        choices: Vec<u32>,
        f: &impl Fn(),
    ) -> String {
        let turns = Cell::new(0);
        let fails = |given: Vec<u32>, tells: Tells| {
            let Played { result, run, choices, story } = self.play(site, seed, Some(given), tells, f);
            turns.set(turns.get() + run.turns);
            result.err().filter(|other| failure.is_like(other)).map(|failure| (failure, choices, story))
        };
        let mut least = choices;
        let (mut block, mut runs) = (least.len().div_ceil(2).max(1), 0);
        let is_enough = |runs| runs >= SHRINKS_MAX || turns.get() >= SHRINKS_TURNS_MAX;
        loop {
            let (mut start, before) = (0, weight(&least));
            while start < least.len() && !is_enough(runs) {
                let end = (start + block).min(least.len());
                if least[start..end].iter().all(|&choice| choice == 0) {
                    start = end;
                    continue;
                }
                let (mut calmer, mut shorter) = (least.clone(), least.clone());
                calmer[start..end].fill(0);
                shorter.drain(start..end);
                let smaller = [calmer, shorter].into_iter().find_map(|given| {
                    runs += 1;
                    let (_, made, _) = fails(given, Tells::Nothing)?;
                    (weight(&made) < weight(&least)).then_some(made)
                });
                match smaller {
                    Some(made) => least = made,
                    None => start = end,
                }
            }
            // What was left out may have made more of the others needless.
            if is_enough(runs) || (block == 1 && weight(&least) == before) {
                break;
            }
            block = block.div_ceil(2);
        }
        let left = weight(&least);
        let told = fails(least, Tells::End);
        let mut report =
            format!("the seed {seed} fails: {failure}\nrun it again: SISAL_SEED={seed} cargo test");
        if let Some(name) = std::thread::current().name().filter(|name| *name != "main") {
            let _ = write!(report, " {name}");
        }
        if let Some((failure, _, story)) = told {
            let _ = write!(
                report,
                "\nthe shortest way to it that was found has {left} choices that are not calm, and ends so:\n{story}"
            );
            let _ = write!(report, "  and then: {failure}");
        }
        report
    }
}

/// Choices that are not calm.
fn weight(choices: &[u32]) -> usize {
    choices.iter().filter(|&&choice| choice != 0).count()
}

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f`, whose panics on this thread the hook does not report.
fn quietly<T>(f: impl FnOnce() -> T) -> T {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_QUIET.try_with(Cell::get).unwrap_or(false) {
                before(info);
            }
        }));
    });
    IS_QUIET.with(|quiet| quiet.set(true));
    let result = f();
    IS_QUIET.with(|quiet| quiet.set(false));
    result
}
