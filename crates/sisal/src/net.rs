//! Sockets, as [`std::net`] has them: they suspend the fiber where std's would block the OS thread.
//!
//! Knows nothing of readiness; that is `sisal-reactor`.

pub use sisal_net::*;
