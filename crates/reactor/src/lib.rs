#![doc = include_str!("../README.md")]

mod ambient;
mod blunt;
mod direction;
mod exit;
mod foreign;
mod os;
mod reactor;
mod readiness;
mod source;
mod standin;
mod table;

pub use ambient::{current, forbid, install};
pub use direction::{Interest, Look};
pub use exit::wait_exit;
pub use foreign::{wait_readable, wait_writable};
pub use reactor::Reactor;
pub use readiness::{Readiness, ReadyArm};
pub use source::Source;
pub use standin::{Bell, Standin};
