//! Counts, and what the reader gets.

use super::child::Mode;
use std::fmt;

/// The outcome of one suite in one mode.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) suite: String,
    pub(crate) mode: Mode,
    pub(crate) passed: usize,
    /// Passed when run again alone, after a failure beside others: for tests whose assertions look at the clock.
    pub(crate) passed_alone: Vec<String>,
    /// With what they printed.
    pub(crate) failed: Vec<(String, String)>,
    /// With the reason.
    pub(crate) skipped: Vec<(String, String)>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { suite, mode, passed, passed_alone, failed, skipped } = self;
        let passed = passed + passed_alone.len();
        let (mode, failed, skipped) = (mode.name, failed.len(), skipped.len());
        write!(f, "{suite:<26} {mode:<9} {passed} passed, {failed} failed, {skipped} skipped")?;
        if !passed_alone.is_empty() {
            write!(f, "; only when run alone: {}", passed_alone.join(", "))?;
        }
        Ok(())
    }
}

/// Prints what failed and what was skipped, then the summary. Gives whether all is well.
pub(crate) fn print(tallies: &[Tally]) -> bool {
    for tally in tallies {
        for (test, text) in &tally.failed {
            println!("--- {} {} {test}\n{text}", tally.suite, tally.mode.name);
        }
    }
    let mut reasons: Vec<_> = tallies.iter().flat_map(|tally| &tally.skipped).collect();
    reasons.sort();
    reasons.dedup();
    for (test, reason) in reasons {
        println!("skipped: {test}: {reason}");
    }
    tallies.iter().for_each(|tally| println!("{tally}"));
    let sum = |count: fn(&Tally) -> usize| tallies.iter().map(count).sum::<usize>();
    let failed = sum(|tally| tally.failed.len());
    println!(
        "{} passed, {failed} failed, {} skipped",
        sum(|tally| tally.passed + tally.passed_alone.len()),
        sum(|tally| tally.skipped.len())
    );
    failed == 0
}
