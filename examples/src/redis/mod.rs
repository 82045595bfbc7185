//! What `mini_redis` is made of: the protocol and the data. Knows nothing of
//! connections.

mod commands;
mod execute;
mod reply;
mod store;
mod topics;

pub use commands::{Commands, Malformed, limits};
pub use execute::execute;
pub use reply::Reply;
pub use store::Store;
pub use topics::Topics;
