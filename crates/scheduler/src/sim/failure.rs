//! What was wrong with a run, as a report that is the same for the same run.
//!
//! Knows nothing of how runs are made.

use crate::task::Payload;
use std::fmt;

/// What was wrong.
pub(super) enum Failure {
    /// The closure has panicked.
    Panic(Payload),
    /// A fiber has panicked, and nobody joined it.
    Unjoined(String),
    /// All are parked, and nothing will wake them.
    Deadlock(String),
    /// The closure has returned, and fibers are left that never end.
    Leaked(String),
    /// So many turns, and no end.
    Endless(u64, String),
    /// That fiber waits for a time of the real clock.
    RealTime(String),
    /// Somebody has stopped it.
    Stopped(String),
}

impl Failure {
    /// Whether the other is of the same kind: what a shrunk run must be.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(payload) => {
                let text = payload.downcast_ref::<&'static str>().copied();
                let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
                write!(f, "panic: {}", text.unwrap_or("(no text)"))
            }
            Self::Unjoined(text) => write!(f, "a fiber has panicked that nobody joins: {text}"),
            Self::Deadlock(dump) => {
                write!(f, "deadlock: all fibers are parked, and no timer is armed\n{dump}")
            }
            Self::Leaked(dump) => {
                write!(
                    f,
                    "the closure has returned, and fibers that it does not wait for have not ended\n{dump}"
                )
            }
            Self::Endless(turns, dump) => {
                write!(f, "no end after {turns} turns (see `Builder::turns_max`)\n{dump}")
            }
            Self::RealTime(fiber) => write!(
                f,
                "{fiber} has a deadline of the real clock, which is long over on the simulation's: take `sisal::time::now()` where it is \
                 made, instead of `Instant::now()`"
            ),
            Self::Stopped(dump) => write!(f, "it was stopped from outside\n{dump}"),
        }
    }
}
