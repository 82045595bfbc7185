//! Systems on which nobody asks a thread.

use super::Sample;
use crate::dump::Notes;

/// The calling thread's number.
pub(crate) fn own_thread() -> u64 {
    0
}

/// The CPU time that a thread has used.
pub(crate) fn cpu_time(_thread: u64) -> std::time::Duration {
    std::time::Duration::ZERO
}

/// Whether a thread would run, if the system let it.
pub(crate) fn waits_for_cpu(_thread: u64) -> bool {
    false
}

/// The function that an instruction is in.
pub(crate) fn name_of(_place: usize) -> Option<String> {
    None
}

/// What the thread of that number was doing.
pub(crate) fn take(_thread: u64, _notes: Option<&mut Notes>) -> Sample {
    Sample::NoAnswer
}
