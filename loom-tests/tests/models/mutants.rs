//! The models can fail: each planted mistake is found by the model that the table names.
//!
//! Method: this test binary runs again, with one mutant and one model, and must fail, and must have come to the mutant.

use loom_tests::child::{self, Verdict};
use loom_tests::tables::{MODELS, MUTANTS};
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn every_mutant_is_killed() {
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get());
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(mutant) = MUTANTS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = child::run(mutant.name, mutant.killed_by);
                    println!("mutant {}: {} says {verdict:?}", mutant.name, mutant.killed_by);
                    if !matches!(verdict, Verdict::Killed(_)) {
                        failures.lock().unwrap().push((mutant.name, mutant.killed_by, verdict));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_model_in_the_table_is_a_test_and_the_other_way_round() {
    let output = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let found: BTreeSet<&str> =
        listed.lines().filter_map(|line| line.strip_suffix("::holds: test")).collect();
    let expected: BTreeSet<&str> = MODELS.iter().copied().collect();
    assert_eq!(found, expected);
}
