#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod go;
mod interval;
mod join;
mod join_set;
mod limit;

pub mod actor;
pub mod channel;
pub mod coroutine;
pub mod fiber;
pub mod fs;
pub mod guide;
pub mod io;
pub mod net;
pub mod process;
pub mod runtime;
pub mod signal;
pub mod sim;
pub mod sync;
pub mod testing;
pub mod time;

pub use fiber::{scope, spawn, yield_now};
pub use runtime::run;
pub use sisal_macros::{main, test};
pub use sisal_park::block_on;
pub use sisal_scheduler::{blocking, dump, fiber_local, spawn_blocking};
pub use sisal_sync::select;
pub use time::sleep;

#[doc(hidden)]
pub use go::spawn_with as __spawn_with;
