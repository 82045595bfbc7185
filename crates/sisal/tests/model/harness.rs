//! Draws programs, runs them, and says with which seed one failed.
//!
//! `SISAL_PROP_CASES` is the number of programs a test draws (20,000 take some minutes), `SISAL_PROP_SEED` the seed of a run to
//! repeat.

use super::history::explains;
use super::program::Program;
use super::run::{Host, run};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

/// Programs a test, unless the environment says otherwise.
const CASES: u32 = 400;
/// Tries to make a failing program smaller.
const SHRINKS_MAX: u32 = 300;

/// Draws programs, and checks that the model explains each.
pub(crate) fn check(programs: impl Strategy<Value = Program>, host: Host) {
    let seed = from_environment("SISAL_PROP_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&u64::to_le_bytes(seed));
    let config = Config {
        cases: from_environment("SISAL_PROP_CASES").unwrap_or(CASES),
        max_shrink_iters: SHRINKS_MAX,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    // Once an agent hangs, each smaller program would take as long: then the first one is reported as it is.
    let hung = AtomicBool::new(false);
    let outcome = TestRunner::new_with_rng(config, rng).run(&programs, |program| {
        if hung.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(history) = run(&program, host) else {
            hung.store(true, Ordering::Relaxed);
            return Err(TestCaseError::fail("an agent waits for ever"));
        };
        if explains(program.model(), &history) {
            Ok(())
        } else {
            Err(TestCaseError::fail(format!("no order explains {history:#?}")))
        }
    });
    if let Err(error) = outcome {
        panic!("SISAL_PROP_SEED={seed}: {error}");
    }
}

fn from_environment<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}
