//! The spans of `tracing` that a fiber has entered follow it: they are left when it leaves its worker, and entered again where it runs on.
//!
//! Knows nothing of fibers. Whoever runs on a thread finds there the spans that others have entered on it; with a thousand fibers a thread,
//! nearly all that is said stands under the wrong one. Without the feature `tracing` all this is nothing.

#[cfg(feature = "tracing")]
mod followed;
#[cfg(not(feature = "tracing"))]
mod ignored;

#[cfg(feature = "tracing")]
pub(crate) use followed::{are_entered, leave};
#[cfg(not(feature = "tracing"))]
pub(crate) use ignored::{are_entered, leave};
