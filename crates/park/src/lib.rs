#![doc = include_str!("../README.md")]

pub mod agent;
mod block_on;
mod blocking_io;
pub mod cancel;
pub mod completion;
pub mod join;
mod place;
mod reason;
mod relay;
mod selectable;
pub mod thread;
pub mod wait_queue;
mod waker;
mod word;
mod world;

pub use agent::{
    Agent, AgentId, Cancellable, Outcome, Parking, blocking, count, current, spend, spend_now, with_current,
};
pub use block_on::block_on;
pub use blocking_io::blocking_io;
pub use cancel::{CancelToken, Cause};
pub use completion::Completion;
pub use join::{Completed, Dropped, JoinState, Stays};
pub use place::Place;
pub use reason::{ChannelPlace, Descriptor, HOLDER_SHIFT, Reason};
pub use relay::JoinArm;
pub use selectable::Selectable;
pub use wait_queue::{Claimed, Ticket, WaitQueue, Waiter, WakeBatch};
pub use waker::{WakeKind, Waker, WakerVTable, Wakes};
pub use word::{Commit, Wake, Word};
pub use world::World;
