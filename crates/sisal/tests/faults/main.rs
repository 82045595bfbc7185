//! Goal: what the kernel and the other side can do to a server neither ends it, nor makes it spin, nor leaves anything behind.
//! Method: a server in a process of its own, under `strace -e inject` or `prlimit`; clients are plain threads here. What
//! needs a tool that is not installed says so, and passes.
//!
//! Quick runs are part of every `cargo test`. All of them, with their figures:
//!
//! ```text
//! cargo test --release -p sisal --test faults -- --include-ignored --nocapture --test-threads 1
//! ```

#![cfg(target_os = "linux")]

mod churn;
mod injected;
mod limits;
mod peers;
mod server;
mod volume;
