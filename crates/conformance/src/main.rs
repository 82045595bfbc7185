//! Runs the published suites: see the README for what it takes.

#![forbid(unsafe_code)]

mod driver;

use driver::child::{self, Limits, MODES, Mode, Outcome};
use driver::generate::{Built, generate};
use driver::report::{self, Tally};
use driver::sources::Sources;
use driver::suites::{Origin, SUITES, Suite};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const USAGE: &str =
    "usage: conformance [SUITE]... [--mode MODE]... [--test PART_OF_NAME] [--jobs N] [--seconds N]";
/// How often a test that failed beside others may try again alone.
const TRIES_ALONE: usize = 2;

/// What the command line asks for.
struct Args {
    suites: Vec<Suite>,
    modes: Vec<Mode>,
    /// Only tests with this in their name.
    part: String,
    jobs: usize,
    limits: Limits,
}

fn main() -> ExitCode {
    match Args::parse(std::env::args().skip(1)).and_then(|args| run(&args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

impl Args {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self {
            suites: Vec::new(),
            modes: Vec::new(),
            part: String::new(),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            limits: Limits { time: Duration::from_secs(120), memory_kib: 4 << 20 },
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value\n{USAGE}"));
            match &*arg {
                "--mode" => parsed.modes.push(named(MODES, &value()?, |mode| mode.name)?),
                "--test" => parsed.part = value()?,
                "--jobs" => parsed.jobs = number(&value()?)?,
                "--seconds" => parsed.limits.time = Duration::from_secs(number(&value()?)? as u64),
                "--help" => return Err(USAGE.to_owned()),
                name => parsed.suites.push(named(SUITES, name, |suite| suite.name)?),
            }
        }
        if parsed.suites.is_empty() {
            // The standard library's tests need a package of Debian's: only when asked for.
            parsed.suites =
                SUITES.iter().filter(|suite| matches!(suite.origin, Origin::Registry(..))).copied().collect();
        }
        if parsed.modes.is_empty() {
            parsed.modes = MODES.to_vec();
        }
        Ok(parsed)
    }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("{text:?} is not a number from 1 on"))
}

fn named<T: Copy>(all: &[T], name: &str, name_of: fn(&T) -> &'static str) -> Result<T, String> {
    all.iter().find(|one| name_of(one) == name).copied().ok_or_else(|| {
        let names: Vec<_> = all.iter().map(name_of).collect();
        format!("{name:?} is none of {}\n{USAGE}", names.join(", "))
    })
}

fn run(args: &Args) -> Result<bool, String> {
    let sources = Sources::ask()?;
    let mut tallies = Vec::new();
    for suite in &args.suites {
        let built = generate(suite, &sources)?;
        for mode in args.modes.iter().filter(|mode| mode.suits(suite.name)) {
            let tally = run_suite(suite, &built, *mode, args, &sources.target().join("conformance"))?;
            eprintln!("{tally}");
            tallies.push(tally);
        }
    }
    Ok(report::print(&tallies))
}

/// Runs a suite in one mode: its tests beside one another, then what failed once more, alone.
fn run_suite(suite: &Suite, built: &Built, mode: Mode, args: &Args, scratch: &Path) -> Result<Tally, String> {
    let tests: Vec<_> = built
        .tests
        .iter()
        .filter(|test| test.contains(&args.part) && !built.ignored.contains(test))
        .filter(|test| mode.left_out.iter().all(|(other, _)| other != test))
        .collect();
    let scratch = |job: usize| scratch.join(format!("{}-{}-{job}.txt", suite.name, mode.name));
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let jobs = if suite.one_at_a_time { 1 } else { args.jobs };
    let work = |job: usize| -> std::io::Result<()> {
        while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Outcome::Failed(_) = child::run(&built.program, test, mode, args.limits, &scratch(job))? {
                failed.lock().expect("no worker panics").push(*test);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..jobs).map(|job| scope.spawn(move || work(job))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("no worker panics"))
    })
    .map_err(|error| format!("cannot run a test: {error}"))?;

    let failed = failed.into_inner().expect("no worker panics");
    let mut tally = Tally {
        suite: built.title.clone(),
        mode,
        passed: tests.len() - failed.len(),
        passed_alone: Vec::new(),
        failed: Vec::new(),
        skipped: skipped(suite, built, mode),
    };
    for test in failed {
        match try_alone(|| child::run(&built.program, test, mode, args.limits, &scratch(0))) {
            Ok(Outcome::Passed) => tally.passed_alone.push(test.clone()),
            Ok(Outcome::Failed(text)) => tally.failed.push((test.clone(), text)),
            Err(error) => return Err(format!("cannot run {test}: {error}")),
        }
    }
    Ok(tally)
}

fn try_alone(run: impl Fn() -> std::io::Result<Outcome>) -> std::io::Result<Outcome> {
    let mut outcome = run()?;
    for _ in 1..TRIES_ALONE {
        if let Outcome::Passed = outcome {
            break;
        }
        outcome = run()?;
    }
    Ok(outcome)
}

fn skipped(suite: &Suite, built: &Built, mode: Mode) -> Vec<(String, String)> {
    let left_out = suite.files.iter().flat_map(|file| {
        file.left_out
            .iter()
            .map(move |(test, reason)| (format!("{}::{test}", file.module), (*reason).to_owned()))
    });
    let ignored = built.ignored.iter().map(|test| (test.clone(), "its own `ignore`".to_owned()));
    let by_mode = mode.left_out.iter().map(|(test, reason)| ((*test).to_owned(), (*reason).to_owned()));
    left_out.chain(ignored).chain(by_mode).collect()
}
