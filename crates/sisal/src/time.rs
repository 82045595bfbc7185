//! Sleeping, and the clock by which deadlines are measured.
//!
//! Knows nothing of timers; those are the scheduler's.

pub use sisal_scheduler::{now, sleep, sleep_until};
