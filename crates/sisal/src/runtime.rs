//! Runtimes of one's own, and the default one.
//!
//! Knows nothing of how they work; that is `sisal-scheduler`.

pub use sisal_scheduler::runtime::{
    Builder, Handle, Leaked, Runtime, StillRunning, current_handle, default_handle, run,
};
