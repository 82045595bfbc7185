#![doc = include_str!("../README.md")]

#[cfg(sisal_loom)]
pub mod agent;
#[cfg(sisal_loom)]
pub mod asked;
#[cfg(sisal_loom)]
pub mod bell;
#[cfg(sisal_loom)]
pub mod child;
#[cfg(sisal_loom)]
pub mod crew;
#[cfg(sisal_loom)]
pub mod fiber;
#[cfg(sisal_loom)]
pub mod harness;
#[cfg(sisal_loom)]
pub mod ledger;
pub mod simulated;
pub mod sources;
pub mod tables;
#[cfg(sisal_loom)]
pub mod watched;

#[cfg(sisal_loom)]
pub use agent::{Parks, spawn, spawn_each, spawn_seen, with_agent};
#[cfg(sisal_loom)]
pub use asked::Asked;
#[cfg(sisal_loom)]
pub use bell::Bell;
#[cfg(sisal_loom)]
pub use crew::Crew;
#[cfg(sisal_loom)]
pub use fiber::Fiber;
#[cfg(sisal_loom)]
pub use harness::{Bounds, model};
#[cfg(sisal_loom)]
pub use ledger::Ledger;
#[cfg(sisal_loom)]
pub use watched::Watched;
