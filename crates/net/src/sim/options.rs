//! Options of a simulated socket: kept, and given back.
//!
//! Knows nothing of their meaning.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many hops a packet may take, as Linux begins.
pub(crate) const TTL: u32 = 64;
/// 0 for none, 1 for zero, else 2 more than the seconds.
pub(crate) const LINGER: &str = "linger";

#[derive(Default)]
pub(super) struct Options(Mutex<BTreeMap<&'static str, u32>>);

impl Options {
    pub(super) fn set(&self, option: &'static str, value: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(option, value);
    }

    pub(super) fn get(&self, option: &'static str) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(option).copied()
    }
}
