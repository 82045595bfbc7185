//! Who waits at a gate, what it shows to whoever calls it, and how it is called.
//!
//! Knows nothing of the word: [`gate`](super) has that, and the protocol.

use sisal_base::fault;
use sisal_base::thread_pointer::thread_pointer;
use sisal_park::{WaitQueue, Waker, with_current};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a thread may lose to newcomers before the lock is handed over to it.
const PATIENCE: Duration = Duration::from_millis(1);

/// How many fibers are handed the lock by one of their own worker as soon as they are in front, after one of that worker came too late:
/// its holders suspend inside their sections, and whom they call would come too late as well. Then one is called to try itself again: where
/// sections have become short, it succeeds, and that is the end of a switch for each section.
pub(super) const DUE: u32 = 16;

/// What a waiter shows to who calls it; in the frame of `Gate::enter_slow`.
pub(super) struct Place<W> {
    pub(super) want: W,
    /// Since when a thread waits. A fiber needs no clock.
    pub(super) since: Option<Instant>,
    /// Whether it was called before, and came too late.
    pub(super) came_back: Cell<bool>,
    /// The thread on which it waits: a fiber's worker.
    pub(super) home: usize,
    /// Written before `done`, read after it.
    pub(super) called: Cell<Call>,
}

/// How a waiter was called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    NotYet,
    /// It was let in.
    In,
    /// To try itself, by who left on that thread: it is the one who is `COMING`.
    Try {
        by: usize,
    },
}

impl<W> Place<W> {
    pub(super) fn is_impatient(&self, due: u32) -> bool {
        if fault!("gate.hand_over.never") {
            return false;
        }
        match self.since {
            None => self.came_back.get() || (due > 0 && self.home == thread_pointer()),
            Some(since) => with_current(|agent| agent.now()).saturating_duration_since(since) >= PATIENCE,
        }
    }
}

/// What the line's lock guards.
pub(super) struct Line {
    pub(super) queue: WaitQueue,
    /// Fibers that are handed the lock as soon as it is their turn, since one of the same worker has just come too late.
    pub(super) due: u32,
}

/// Whom the leaver must wake once the line is unlocked.
#[must_use]
pub(super) enum Called {
    Nobody,
    /// One that has the lock now.
    HandedOver(Waker),
    /// One that tries itself.
    Coming(Waker),
}

impl Called {
    pub(super) fn wake(self) {
        match self {
            Self::Nobody => {}
            Self::HandedOver(waker) => waker.wake_next(),
            Self::Coming(waker) => waker.wake(),
        }
    }
}

/// What happens to the one in front.
pub(super) enum Turn {
    Out,
    In { one: bool },
    Try,
}
