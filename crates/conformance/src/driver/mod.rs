//! From published sources to a summary: find, rewrite, build, run, count.

pub(crate) mod child;
pub(crate) mod debian;
pub(crate) mod generate;
pub(crate) mod report;
pub(crate) mod rewrite;
pub(crate) mod sources;
pub(crate) mod suites;
