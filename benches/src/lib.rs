//! What the benchmark programs share: the rows, one a file, and the harness that runs them.
//!
//! Reading order: [`row`] is what a row is, [`rows`] are all of them, [`child`] runs one of them for one peer in a process of
//! its own, [`harness`] starts those processes in turn and writes down what they say. [`peers`] knows how each runtime starts.
//! [`plot`] draws what was written down. [`scale`] simulates.

pub mod child;
pub mod clock;
pub mod harness;
pub mod load;
pub mod memory;
pub mod peers;
pub mod plot;
pub mod row;
pub mod rows;
pub mod scale;
