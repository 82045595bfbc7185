//! Simulations can fail: each planted mistake that the table names is found by the test that it names, and as what it says.
//!
//! Method: this test binary runs again, with one mutant and one test in simulations, and must fail with the report of a seed. (In a process of
//! its own, since the choice of a mutant is one a process.)

use loom_tests::simulated::{FOUND, NOT_FOUND, SEEDS};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What comes before a seed that fails, and before what was wrong with it.
const SEED: &str = "the seed ";
const FAILS: &str = " fails: ";

/// Runs `tests`, in simulations, with that mutant.
fn run(mutant: &str, tests: &[&str]) -> Output {
    Command::new(std::env::current_exe().expect("the path of this program"))
        .args(tests)
        .args(["--test-threads=1", "--nocapture"])
        .env("SISAL_FAULT", mutant)
        .env("SISAL_SEEDS", SEEDS.to_string())
        .env_remove("SISAL_SEED")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .expect("this program runs again")
}

/// The seed that failed, and as what: the first word of the report.
fn failure(output: &Output) -> Option<(u64, String)> {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let (before, report) = text.split_once(FAILS)?;
    let seed = before.rsplit_once(SEED)?.1.parse().ok()?;
    Some((seed, report.split(|c: char| !c.is_alphabetic()).next()?.to_owned()))
}

/// Calls `look` with each of `all`, on as many threads as there are processors.
fn on_each<T: Sync>(all: &[T], look: impl Fn(&T) + Sync) {
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    look(one);
                }
            });
        }
    });
}

#[test]
fn every_mutant_that_is_told_is_found() {
    let missed = Mutex::new(Vec::new());
    on_each(FOUND, |row| {
        let output = run(row.mutant, &["--exact", row.found_by]);
        let found = failure(&output);
        println!("mutant {}: {} says {found:?}", row.mutant, row.found_by);
        if output.status.success() || found.is_none_or(|(_, kind)| kind != row.kind) {
            missed.lock().unwrap().push((row.mutant, row.found_by));
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Without a mutant the same tests pass: it is the mutant that they find.
#[test]
fn without_a_mutant_nothing_is_found() {
    let mut tests: Vec<_> = FOUND.iter().map(|row| row.found_by).collect();
    tests.sort_unstable();
    tests.dedup();
    let output = run("", &[&["--exact"], &tests[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let passed = format!("{} passed", tests.len());
    assert!(String::from_utf8_lossy(&output.stdout).contains(&passed), "not {passed}");
}

/// Which of the others are found by any of the tests: to be run by hand when there are new tests, as it takes long.
#[test]
#[ignore = "some minutes"]
fn the_others_are_not_found() {
    let found = Mutex::new(Vec::new());
    on_each(NOT_FOUND, |mutant| {
        let output = run(mutant, &["in_simulations"]);
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let tests = text.lines().filter(|line| line.starts_with("    ")).map(str::trim);
            let tests: Vec<_> = tests.map(str::to_owned).collect();
            println!("mutant {mutant}: {tests:?} say {:?}", failure(&output));
            found.lock().unwrap().push((*mutant, tests));
        }
    });
    let found = found.into_inner().unwrap();
    assert!(found.is_empty(), "{found:#?}");
}
