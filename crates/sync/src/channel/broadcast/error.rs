//! Why a broadcast's receiver got no message.
//!
//! Knows nothing of channels.

use std::error::Error;
use std::fmt;

const DISCONNECTED: &str = "nobody sends to this broadcast any more, and all its messages were received";

/// Why [`Receiver::recv`](super::Receiver::recv) has no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// So many messages were dropped before they could be received; the next call gives the oldest that is left.
    Lagged(u64),
    /// There is none, and no sender any more (or the fiber was cancelled while it waited).
    Disconnected,
}

/// Why [`Receiver::try_recv`](super::Receiver::try_recv) has no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is none now.
    Empty,
    /// So many messages were dropped before they could be received; the next call gives the oldest that is left.
    Lagged(u64),
    /// There is none, and no sender any more.
    Disconnected,
}

/// Why [`Receiver::recv_timeout`](super::Receiver::recv_timeout) has no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// None came up to the end of the time (or until the fiber was cancelled).
    Timeout,
    /// So many messages were dropped before they could be received; the next call gives the oldest that is left.
    Lagged(u64),
    /// There is none, and no sender any more.
    Disconnected,
}

fn lagged(f: &mut fmt::Formatter<'_>, count: u64) -> fmt::Result {
    write!(f, "the receiver was too slow for {count} messages; a larger capacity of the broadcast keeps more")
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lagged(count) => lagged(f, *count),
            Self::Disconnected => write!(f, "{DISCONNECTED}, or the wait was cancelled"),
        }
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no message in the broadcast"),
            Self::Lagged(count) => lagged(f, *count),
            Self::Disconnected => f.write_str(DISCONNECTED),
        }
    }
}

impl fmt::Display for RecvTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => {
                f.write_str("no message in the broadcast up to the deadline, or until the wait was cancelled")
            }
            Self::Lagged(count) => lagged(f, *count),
            Self::Disconnected => f.write_str(DISCONNECTED),
        }
    }
}

impl Error for RecvError {}
impl Error for TryRecvError {}
impl Error for RecvTimeoutError {}

impl From<RecvError> for TryRecvError {
    fn from(error: RecvError) -> Self {
        match error {
            RecvError::Lagged(count) => Self::Lagged(count),
            RecvError::Disconnected => Self::Disconnected,
        }
    }
}

impl From<RecvError> for RecvTimeoutError {
    fn from(error: RecvError) -> Self {
        match error {
            RecvError::Lagged(count) => Self::Lagged(count),
            RecvError::Disconnected => Self::Disconnected,
        }
    }
}
