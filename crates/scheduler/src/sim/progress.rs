//! How far a simulation is, as another thread sees it, and how that thread ends it.
//!
//! Knows nothing of why anybody wants to know.

use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far the simulations of a [`Builder`](super::Builder) are: shared with a thread that watches them, and may stop them.
///
/// ```
/// use sisal_scheduler::sim;
/// use std::sync::Arc;
///
/// let progress = Arc::new(sim::Progress::new());
/// sim::Builder::new().progress(Arc::clone(&progress)).run(7, || sisal_scheduler::spawn(|| ()).join().unwrap());
/// assert!(progress.to_string().starts_with("the seed 7, turn "));
/// ```
#[derive(Debug, Default)]
pub struct Progress {
    at: Mutex<At>,
    is_stopped: AtomicBool,
}

#[derive(Clone, Copy, Debug, Default)]
struct At {
    seed: u64,
    turns: u64,
    fiber: Option<(u64, &'static Location<'static>)>,
}

impl Progress {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the run fail in its next turn, with a dump of its fibers. One whose fiber computes for ever has none.
    pub fn stop(&self) {
        // Relaxed: nothing hangs on it but the end.
        self.is_stopped.store(true, Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Relaxed)
    }

    pub(super) fn begin_run(&self, seed: u64) {
        *self.at() = At { seed, turns: 0, fiber: None };
    }

    pub(super) fn begin_turn(&self, fiber: u64, site: &'static Location<'static>) {
        let mut at = self.at();
        at.turns += 1;
        at.fiber = Some((fiber, site));
    }

    fn at(&self) -> MutexGuard<'_, At> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The seed, the turn, and the fiber that had it.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = *self.at();
        write!(f, "the seed {}, turn {}", at.seed, at.turns)?;
        match at.fiber {
            Some((fiber, site)) => write!(f, ", of fiber #{fiber} (spawned at {site})"),
            None => Ok(()),
        }
    }
}
