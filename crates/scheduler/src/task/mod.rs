//! The scheduler's record of a fiber: one allocation from spawn to the last handle.
//!
//! Knows nothing of workers' loops, timers' wheels or queues' insides.
//!
//! ```text
//!  heap, one block (`TaskCell<F, T>`)            the fiber's stack, top page (from its first run on)
//!  ┌───────────────────────────┐                ┌─────────────────────────────────────┐
//!  │ Header                    │                │ Record                              │
//!  │   link  word  state       │   record ─────▶│   resumable  suspender              │
//!  │   vtable  id  site  name  │                │   timer  command  reason  locals    │
//!  │   home  record            │◀───────────────│   task                              │
//!  ├───────────────────────────┤                ├─────────────────────────────────────┤
//!  │ closure, later result     │                │ frames of the fiber, growing down   │
//!  └───────────────────────────┘                └─────────────────────────────────────┘
//! ```

mod blocks;
mod cell;
mod header;
mod record;
mod refs;
mod waker;

pub(crate) use blocks::{Blocks, Depot};
pub(crate) use cell::{LastAct, Payload, TaskCell};
pub(crate) use header::{Header, Start, Task, Timed, Traits};
pub(crate) use record::{Command, Record};
pub(crate) use refs::{ResultRef, TaskRef};
pub(crate) use waker::{lent_waker, waker};
