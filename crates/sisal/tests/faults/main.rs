//! Goal: whatever the kernel, the other side or the program itself does wrong: the runtime goes on, nothing is lost or doubled,
//! and nothing is left behind.
//! Method: the table of faults in `tests/README.md`, which also says how to run them all. Each is made in a process of its own,
//! under a tool where that takes one. What needs a tool that is not installed says so, and passes.

#![cfg(target_os = "linux")]

mod bench;
mod churn;
mod filtered;
mod injected;
mod kernel;
mod limits;
mod missing;
mod network;
mod own;
mod peers;
mod programs;
mod server;
mod soak;
mod table;
mod volume;
