//! Why nothing was selected.
//!
//! Knows nothing of channels.

use std::error::Error;
use std::fmt;

/// No operation could be done without waiting.
///
/// ```
/// # use sisal_sync::channel::{Select, TrySelectError, unbounded};
/// let (_sender, receiver) = unbounded::<u8>();
/// let mut select = Select::new();
/// select.recv(&receiver);
/// assert_eq!(select.try_select().unwrap_err(), TrySelectError);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrySelectError;

impl fmt::Display for TrySelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every operation of the select would wait")
    }
}

impl Error for TrySelectError {}

/// No operation could be done up to the end of the time (or until the fiber was cancelled).
///
/// ```
/// # use sisal_sync::channel::{Select, SelectTimeoutError, unbounded};
/// # use std::time::Duration;
/// let (_sender, receiver) = unbounded::<u8>();
/// let mut select = Select::new();
/// select.recv(&receiver);
/// assert_eq!(select.select_timeout(Duration::from_millis(1)).unwrap_err(), SelectTimeoutError);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectTimeoutError;

impl fmt::Display for SelectTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no operation of the select could be done up to the deadline, or until the wait was cancelled",
        )
    }
}

impl Error for SelectTimeoutError {}

/// No operation was ready.
///
/// ```
/// # use sisal_sync::channel::{Select, TryReadyError, unbounded};
/// let (_sender, receiver) = unbounded::<u8>();
/// let mut select = Select::new();
/// select.recv(&receiver);
/// assert_eq!(select.try_ready(), Err(TryReadyError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryReadyError;

impl fmt::Display for TryReadyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no operation of the select is ready")
    }
}

impl Error for TryReadyError {}

/// No operation was ready up to the end of the time (or until the fiber was cancelled).
///
/// ```
/// # use sisal_sync::channel::{ReadyTimeoutError, Select, unbounded};
/// # use std::time::Duration;
/// let (_sender, receiver) = unbounded::<u8>();
/// let mut select = Select::new();
/// select.recv(&receiver);
/// assert_eq!(select.ready_timeout(Duration::from_millis(1)), Err(ReadyTimeoutError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadyTimeoutError;

impl fmt::Display for ReadyTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no operation of the select was ready up to the deadline, or until the wait was cancelled",
        )
    }
}

impl Error for ReadyTimeoutError {}
