//! Runtimes of one's own, and the default one.
//!
//! Knows nothing of how they work; that is `sisal-scheduler`.

pub use sisal_scheduler::{
    Backtrace, ChannelPlace, Descriptor, Dump, FiberDump, FiberState, Reason, WorkerDump,
};

pub use sisal_scheduler::runtime::{
    BlockingMetrics, Builder, Delays, Handle, Leaked, Metrics, PanicPolicy, Recording, Runtime, StackMetrics,
    StackUse, StillRunning, Trace, UnjoinedPanic, WorkerMetrics, current_handle, default_handle, run,
    write_traces,
};
