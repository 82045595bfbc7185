#![doc = include_str!("../README.md")]

mod blocking;
mod crew;
mod current;
mod deadline;
mod deadlock;
mod dump;
mod event;
mod fiber;
mod grow;
mod handle;
mod hog;
mod hook_caller;
mod injector;
mod lifecycle;
mod live;
mod local;
mod metrics;
mod monitor;
mod overflow;
mod owner;
mod panic_hook;
mod panic_policy;
mod pool_agent;
mod post;
pub mod runtime;
mod scope;
pub mod sim;
mod spans;
mod spawn;
mod spawn_blocking;
mod stack_use;
mod stacks;
mod task;
mod timer;
mod trace;
mod try_scope;
mod worker;

pub use deadline::{Elapsed, shield, timeout, with_deadline};
pub use dump::{Backtrace, Dump, FiberDump, FiberState, WorkerDump, dump};
pub use fiber::{
    checkpoint, current_fiber, is_cancelled, now, park, park_timeout, sleep, sleep_until, yield_now,
};
pub use grow::{grow, try_grow};
pub use handle::{Fiber, FiberId, JoinHandle, Result};
pub use local::{AccessError, LocalKey};
pub use runtime::{Handle, Runtime, run};
pub use scope::{Scope, ScopedJoinHandle, scope};
pub use sisal_park::{CancelToken, ChannelPlace, Descriptor, Reason, blocking};
pub use spawn::{Builder, spawn, spawn_local};
pub use spawn_blocking::spawn_blocking;
pub use stacks::{give_stack, take_stack};
pub use try_scope::{TryScope, try_scope};
