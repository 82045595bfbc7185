//! How deep stacks have been, by the place where their fibers were spawned: for choosing stack sizes.
//!
//! Knows nothing of fibers but that they end. Kept in debug builds and with `SISAL_STACK_STATS=1`, which also prints it;
//! elsewhere there is no ledger, and nobody measures.

use sisal_base::sync::Mutex;
use sisal_coro::{Class, Stack};
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::panic::Location;

/// How deep the stacks have been of the fibers that were spawned at one place; see [`Handle::stack_use`].
///
/// [`Handle::stack_use`]: crate::runtime::Handle::stack_use
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackUse {
    /// Where they were spawned, or where [`grow`](crate::grow()) was called.
    pub site: &'static Location<'static>,
    /// How many of them have ended.
    pub fibers: u64,
    /// The size of their stacks in bytes, guard included.
    pub stack_size: usize,
    /// How much of it the one that went deepest has touched, in bytes, rounded up to pages.
    pub deepest: usize,
}

/// Whether the depth of stacks is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    Never,
    Keep,
    KeepAndPrint,
}

impl Measure {
    /// What `SISAL_STACK_STATS` says.
    pub(crate) fn from_number(number: Option<u8>) -> Self {
        match number {
            Some(0) => Measure::Never,
            Some(_) => Measure::KeepAndPrint,
            None if cfg!(debug_assertions) => Measure::Keep,
            None => Measure::Never,
        }
    }
}

/// What was measured in one runtime.
pub(crate) struct Ledger {
    rows: Mutex<HashMap<(&'static Location<'static>, Class), Row>>,
    pub(crate) is_printed: bool,
}

#[derive(Clone, Copy, Default)]
struct Row {
    fibers: u64,
    deepest: usize,
}

impl Ledger {
    pub(crate) fn new(measure: Measure) -> Option<Self> {
        let is_printed = measure == Measure::KeepAndPrint;
        (measure != Measure::Never).then(|| Self { rows: Mutex::new(HashMap::new()), is_printed })
    }

    /// Before a stack is run on: what earlier owners have touched is not to count.
    pub(crate) fn begin(&self, stack: &mut Stack) {
        stack.reset_high_water();
    }

    /// A fiber that was spawned at `site` has been so deep.
    pub(crate) fn end(&self, site: &'static Location<'static>, class: Class, depth: usize) {
        let mut rows = self.rows.lock();
        let row = rows.entry((site, class)).or_default();
        row.fibers += 1;
        row.deepest = row.deepest.max(depth);
    }

    /// All rows, those first that come nearest to their end.
    pub(crate) fn table(&self) -> Vec<StackUse> {
        let rows = self.rows.lock();
        let mut table: Vec<_> = rows
            .iter()
            .map(|((site, class), row)| StackUse {
                site,
                fibers: row.fibers,
                stack_size: class.bytes(),
                deepest: row.deepest,
            })
            .collect();
        drop(rows);
        let share = |row: &StackUse| row.deepest as u128 * (1 << 32) / row.stack_size as u128;
        table.sort_by_key(|row| (u128::MAX - share(row), row.site));
        table
    }

    /// Writes the table to stderr, if that is asked for and there is one.
    pub(crate) fn print(&self) {
        let table = self.table();
        if self.is_printed && !table.is_empty() {
            // Nobody is left to hear of an error.
            let _ = io::stderr().lock().write_all(Table(&table).to_string().as_bytes());
        }
    }
}

struct Table<'a>(&'a [StackUse]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sisal: stacks of the fibers that have ended, by where they were spawned")?;
        writeln!(f, "{:>10}  {:>10}  {:>10}  spawned at", "deepest", "stack", "fibers")?;
        for row in self.0 {
            let (deepest, size) = (row.deepest.div_ceil(1024), row.stack_size / 1024);
            writeln!(f, "{deepest:>6} KiB  {size:>6} KiB  {:>10}  {}", row.fibers, row.site)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_stands_first() {
        let ledger = Ledger::new(Measure::Keep).expect("a ledger");
        let (near, far) = (Location::caller(), Location::caller());
        let large = Class::for_size(1 << 20).expect("a possible size");
        for (site, class, depth) in
            [(near, large, 30_000), (far, Class::DEFAULT, 9_000), (near, large, 20_000)]
        {
            ledger.end(site, class, depth);
        }
        let table = ledger.table();
        let figures: Vec<_> = table.iter().map(|row| (row.fibers, row.stack_size, row.deepest)).collect();
        assert_eq!(figures, [(1, Class::DEFAULT.bytes(), 9_000), (2, 1 << 20, 30_000)]);
        let text = Table(&table).to_string();
        assert!(
            text.contains("    30 KiB    1024 KiB           2  crates/scheduler/src/stack_use.rs:"),
            "{text}"
        );
    }

    #[test]
    fn what_the_variable_says() {
        assert_eq!(Measure::from_number(Some(0)), Measure::Never);
        assert_eq!(Measure::from_number(Some(1)), Measure::KeepAndPrint);
        assert_ne!(Measure::from_number(None), Measure::KeepAndPrint);
        assert!(Ledger::new(Measure::Never).is_none());
    }
}
