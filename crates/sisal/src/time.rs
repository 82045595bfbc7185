//! Sleeping, ticks, deadlines around a piece of code, and the clock by which they are measured.
//!
//! Knows nothing of timers; those are the scheduler's.

pub use crate::interval::{Interval, MissedTicks, interval, interval_at};
pub use sisal_scheduler::{Elapsed, now, shield, sleep, sleep_until, timeout, with_deadline};
