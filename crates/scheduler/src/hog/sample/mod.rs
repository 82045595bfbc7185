//! Asking a worker's thread what it runs, while it runs it.
//!
//! Knows nothing of why. One file an operating system.

use sisal_park::AgentId;
use std::panic::Location;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::{cpu_time, name_of, own_thread, take, waits_for_cpu};

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::{cpu_time, name_of, own_thread, take, waits_for_cpu};

/// What a thread was doing.
pub(crate) enum Sample {
    /// It runs no fiber.
    Nobody,
    /// It was not to be asked.
    NoAnswer,
    /// It runs this one.
    Fiber {
        id: AgentId,
        name: Option<String>,
        site: &'static Location<'static>,
        /// The instruction.
        place: usize,
    },
}
