//! What the generated tests stand on in place of `std::thread` and its kin.

pub mod error_kind;
pub(crate) mod home;
pub(crate) mod mode;
pub mod mpsc;
pub mod scope;
pub mod std_sync;
pub(crate) mod temp;
pub mod thread;
