//! Fibers, as [`std::thread`] has threads: spawn, join, park, scope, and what a running one asks of itself.
//!
//! Knows nothing of how they are scheduled; that is `sisal-scheduler`.
//!
//! ```
//! use sisal::fiber;
//!
//! let adder = fiber::spawn(|| 1 + 1);
//! assert_eq!(adder.join().unwrap(), 2);
//! ```
//!
//! A fiber may start on any worker of its runtime, and stays on that one: what it holds across a wait may be an `Rc`, a
//! `RefCell` borrow, a reference into a thread-local. What it is spawned with must be [`Send`].

pub use sisal_scheduler::{
    AccessError, Builder, CancelToken, Fiber, FiberId, JoinHandle, LocalKey, Result, Scope, ScopedJoinHandle,
    TryScope, checkpoint, current_fiber as current, grow, is_cancelled, park, park_timeout, scope, sleep,
    spawn, spawn_local, try_grow, try_scope, yield_now,
};

pub use crate::join::{Join, join, join_all, race};
pub use crate::join_set::JoinSet;
pub use crate::limit::{Limit, Place};
