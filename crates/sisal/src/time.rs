//! Sleeping, ticks, and the clock by which deadlines are measured.
//!
//! Knows nothing of timers; those are the scheduler's.

pub use crate::interval::{Interval, MissedTicks, interval, interval_at};
pub use sisal_scheduler::{now, sleep, sleep_until};
