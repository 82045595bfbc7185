//! Channels with crossbeam-channel's names and meaning, between fibers, threads, or both.
//!
//! Knows nothing of how they wait; that is `sisal-sync`.
//!
//! ```
//! use sisal::{channel, go};
//!
//! let (sender, receiver) = channel::bounded(4);
//! go! {
//!     for n in 0..3 {
//!         sender.send(n).unwrap();
//!     }
//! };
//! assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2]);
//! ```

pub use sisal_sync::channel::*;
