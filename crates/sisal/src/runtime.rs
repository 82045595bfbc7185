//! Runtimes of one's own, and the default one.
//!
//! Knows nothing of how they work; that is `sisal-scheduler`.

pub use sisal_scheduler::runtime::{
    Builder, Handle, Leaked, PanicPolicy, Runtime, StillRunning, UnjoinedPanic, current_handle,
    default_handle, run,
};
