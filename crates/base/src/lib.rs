#![doc = include_str!("../README.md")]

#[macro_use]
mod fault;

pub mod backoff;
pub mod biased;
pub mod list;
pub mod prefetch;
pub mod presence;
#[cfg(not(sisal_loom))]
pub mod process_fence;
pub mod rng;
pub mod spin;
pub mod sync;
pub mod thread_pointer;

pub use crossbeam_utils::CachePadded;

#[doc(hidden)]
pub use fault::{injected, reached};
