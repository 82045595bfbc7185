//! Goal: `#[sisal::test]` runs its body where it says, fails when it should, in time, and says how to run a failing seed again.
//!
//! Method: tests under the attribute, called as the functions that they are; those that must fail are ignored, and run in a child process whose
//! words are read.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

static RUNS: AtomicU64 = AtomicU64::new(0);

#[sisal::test]
fn on_the_default_runtime() {
    assert!(!sisal::sim::is_running());
    assert!(sisal::fiber::current().name().unwrap().ends_with("on_the_default_runtime"));
}

#[sisal::test(workers = 4, thread_name = "tested")]
fn on_a_runtime_of_its_own() {
    assert_eq!(sisal::runtime::current_handle().workers(), 4);
}

#[sisal::test(sim)]
fn in_simulations() {
    assert!(sisal::sim::is_running());
    sisal::sleep(Duration::from_secs(3600));
}

#[sisal::test(sim, seeds = 1000, workers = 4, turns_max = 1_000)]
fn in_a_thousand_simulations_of_four_workers() {
    assert_eq!(sisal::runtime::current_handle().workers(), 4);
}

mod counted {
    use super::{RUNS, SeqCst};

    #[sisal::test(sim, seeds = 5 + 6)]
    #[ignore = "called below"]
    pub(super) fn runs() {
        RUNS.fetch_add(1, SeqCst);
    }
}

#[test]
fn each_seed_is_a_run() {
    counted::runs();
    assert_eq!(RUNS.load(SeqCst), 11);
}

#[sisal::test]
fn with_a_result() -> Result<(), std::num::ParseIntError> {
    assert_eq!("42".parse::<u32>()?, 42);
    Ok(())
}

#[sisal::test(sim, seeds = 10)]
fn with_a_result_in_simulations() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!("42".parse::<u32>()?, 42);
    Ok(())
}

#[sisal::test]
#[should_panic(expected = "as it should")]
fn that_panics() {
    panic!("as it should");
}

#[sisal::test(sim, allow_leaks = true)]
#[should_panic(expected = "as it should")]
fn that_panics_in_simulations() {
    panic!("as it should");
}

#[sisal::test(sim)]
#[should_panic(expected = "as it should")]
fn that_never_returns() -> ! {
    panic!("as it should");
}

#[sisal::test(sim, seeds = 2, timeout = Duration::from_secs(600))]
#[ignore = "shows that the attribute stays"]
fn that_is_ignored() {
    panic!("was run");
}

/// Run as children by the tests below.
mod children {
    use super::*;
    use sisal::channel;

    #[sisal::test(timeout = Duration::from_millis(50))]
    #[ignore = "fails"]
    fn hangs() {
        let (_tx, rx) = channel::bounded::<()>(0);
        let _ = rx.recv();
    }

    #[sisal::test(workers = 1, timeout = Duration::from_millis(50))]
    #[ignore = "fails"]
    fn computes() {
        let mut n = 0_u64;
        loop {
            n = std::hint::black_box(n + 1);
        }
    }

    #[sisal::test(timeout = Duration::from_millis(50))]
    #[should_panic]
    #[ignore = "fails"]
    fn hangs_and_should_panic() {
        sisal::fiber::park();
    }

    #[sisal::test(sim, turns_max = u64::MAX, timeout = Duration::from_secs(1))]
    #[ignore = "fails"]
    fn sleeps_for_ever() {
        let sleeper = sisal::fiber::Builder::new().name("sleeper".into()).spawn(|| {
            loop {
                sisal::sleep(Duration::from_secs(5));
            }
        });
        sleeper.unwrap().join().unwrap();
    }

    #[sisal::test(sim, timeout = Duration::from_millis(50))]
    #[ignore = "fails, and takes 5 seconds"]
    fn computes_in_simulations() {
        sisal::spawn(|| {
            loop {
                std::hint::spin_loop();
            }
        })
        .join()
        .unwrap();
    }

    #[sisal::test(sim, seeds = 1000)]
    #[ignore = "fails"]
    fn reads_too_early() {
        eprintln!("runs");
        let sum = std::sync::Arc::new(sisal::sync::Mutex::new(0));
        let handle = sisal::spawn({
            let sum = std::sync::Arc::clone(&sum);
            move || *sum.lock() += 1
        });
        sisal::yield_now();
        assert_eq!(*sum.lock(), 1);
        handle.join().unwrap();
    }

    #[sisal::test(sim)]
    #[ignore = "fails"]
    fn returns_an_error() -> Result<(), String> {
        Err("not today".to_owned())
    }
}

/// One of them, in a process of its own, with `variables` in its environment.
fn child(name: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&format!("children::{name}"), "--exact", "--ignored", "--nocapture"]);
    for variable in ["SISAL_SEED", "SISAL_SEEDS", "SISAL_TEST_TIMEOUT"] {
        command.env_remove(variable);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

/// What it says when it fails.
fn failure(name: &str, variables: &[(&str, &str)]) -> String {
    let output = child(name, variables);
    let text = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{name} did not fail: {text}");
    text.into_owned()
}

#[test]
fn who_hangs_fails_with_a_dump() {
    let text = failure("hangs", &[]);
    assert!(text.contains("the test children::hangs has not ended within 50ms"), "{text}");
    assert!(text.contains("'children::hangs', parked") && text.contains("test_attribute.rs"), "{text}");
}

#[test]
fn who_computes_for_ever_fails_with_a_dump() {
    let text = failure("computes", &[]);
    assert!(text.contains("the test children::computes has not ended"), "{text}");
    assert!(text.contains("'children::computes', runs on worker 0"), "{text}");
}

#[test]
fn no_panic_in_time_is_no_panic() {
    let text = failure("hangs_and_should_panic", &[]);
    assert!(text.contains("has not ended within 50ms") && text.contains("did not panic"), "{text}");
}

#[test]
fn simulations_that_take_too_long_are_stopped() {
    let text = failure("sleeps_for_ever", &[]);
    assert!(text.contains("has not ended within 1s") && text.contains("the seed "), "{text}");
    assert!(text.contains("'root'") && text.contains("'sleeper'"), "a dump: {text}");
    let text = failure("computes_in_simulations", &[]);
    assert!(text.contains("the seed 0, turn ") && text.contains("gives way to nobody"), "{text}");
    assert!(text.contains("test_attribute.rs"), "{text}");
}

#[test]
fn the_environment_sets_the_limit() {
    let text = failure("hangs", &[("SISAL_TEST_TIMEOUT", "1")]);
    assert!(text.contains("within 1s"), "{text}");
}

#[test]
fn a_failing_seed_says_how_to_run_it_again() {
    let text = failure("reads_too_early", &[]);
    let line = text.lines().find(|line| line.contains("SISAL_SEED=")).expect("a line that says how");
    let seed = line.split("SISAL_SEED=").nth(1).unwrap().split(' ').next().unwrap();
    let command = format!("SISAL_SEED={seed} cargo test children::reads_too_early");
    assert!(line.ends_with(&command), "{line}");

    let again = failure("reads_too_early", &[("SISAL_SEED", seed)]);
    assert!(again.contains(&format!("the seed {seed} fails")) && again.contains(&command), "{again}");
    // That seed, at once, and no other.
    assert_eq!(report(&again), report(&text));
    assert!(again.matches("runs\n").count() <= text.matches("runs\n").count());
    // And one that did not fail does not.
    let other = (0..1000).map(|other| other.to_string()).find(|other| *other != seed).unwrap();
    if other.parse::<u64>().unwrap() < seed.parse().unwrap() {
        assert!(child("reads_too_early", &[("SISAL_SEED", &other)]).status.success());
    }
}

/// From the report's first line on: what is said once more by the harness is the same.
fn report(text: &str) -> &str {
    let start = text.find("the seed ").expect("a report");
    let end = text[start..].find("note: ").or_else(|| text[start..].find("\n\n")).expect("an end");
    &text[start..start + end]
}

#[test]
fn an_error_is_a_failure_of_its_seed() {
    let text = failure("returns_an_error", &[]);
    assert!(text.contains("Err(\"not today\")") && text.contains("SISAL_SEED=0"), "{text}");
}

#[test]
fn a_variable_that_is_no_number_is_said() {
    let text = failure("reads_too_early", &[("SISAL_SEEDS", "many")]);
    assert!(text.contains("SISAL_SEEDS=\"many\" is not a number"), "{text}");
}
