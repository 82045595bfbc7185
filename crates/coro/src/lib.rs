#![doc = include_str!("../README.md")]

mod alt_stack;
mod cache;
mod class;
mod coroutine;
mod guard;
mod os;
pub mod overflow;
pub mod panics;
mod pool;
mod refusal;
mod shelf;
mod slabs;
mod stack;
mod switch;

pub use alt_stack::AltStack;
pub use cache::Cache;
pub use class::Class;
pub use coroutine::{Coroutine, CoroutineState, State, Yielder, scoped};
pub use guard::GuardKind;
pub use pool::{Pool, PoolStats};
pub use stack::{HEADER_BYTES, Stack, high_water, usable};
pub use switch::{Resumable, Resumed, SendResumable, Suspender, call_on};
