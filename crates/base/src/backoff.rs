//! How long to look away between two looks at a cache line that somebody else writes.
//!
//! Knows nothing of what is waited for.

use crate::sync::hint::spin_loop;

/// Pauses between two looks. Measured on mpsc channels at 8 senders: none 36–55 ns a message, 16 pauses 9–15, 64
/// pauses 30, 128 pauses 63: a look costs the holder a cache line round trip, and a pause too long costs the waiter.
pub const PAUSES_A_LOOK: u32 = 16;

/// Looks before the OS thread gives its core away. The holder of a lock that short can only be that slow if the kernel
/// took its core.
pub const LOOKS_BEFORE_YIELD: u32 = 64;

/// Counts the looks at a line and waits between them.
///
/// ```
/// use sisal_base::backoff::Backoff;
/// let mut backoff = Backoff::new();
/// let mut looks = 0;
/// while looks < 3 {
///     looks += 1;
///     backoff.look_away();
/// }
/// ```
#[derive(Debug, Default)]
pub struct Backoff {
    looks: u32,
}

impl Backoff {
    /// No look taken yet.
    pub const fn new() -> Self {
        Self { looks: 0 }
    }

    /// Waits before the next look; from the [`LOOKS_BEFORE_YIELD`]th on by giving the core to another thread.
    pub fn look_away(&mut self) {
        if self.looks < LOOKS_BEFORE_YIELD {
            self.looks += 1;
            for _ in 0..PAUSES_A_LOOK {
                spin_loop();
            }
        } else {
            crate::sync::thread::yield_now();
        }
    }
}
