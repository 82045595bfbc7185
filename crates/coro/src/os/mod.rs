//! What stacks need from the operating system, one file an OS.
//!
//! Knows nothing of slots, classes or fibers: addresses and bytes go in, errors come out.

#[cfg(target_os = "linux")]
mod linux;
mod posix;
#[cfg(any(test, not(target_os = "linux")))]
mod unix;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use unix as system;

pub(crate) use posix::{Span, page_size, protect, release, resident, write_error};
pub(crate) use system::{
    can_install_guards, discard, install_guards, mappings_max, populate, reserve, signal_frame_bytes,
};
