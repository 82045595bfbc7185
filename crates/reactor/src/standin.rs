//! What stands in for a descriptor where there is none: the sockets of a simulation.
//!
//! Knows nothing of simulations. Nobody watches a stand-in: whoever changes it rings its source's bell, and what will change by the
//! passing of time says when, so that whoever waits looks again by then.

use crate::direction::Look;
use crate::source::Inner;
use crate::{Interest, Source};
use sisal_park::{Outcome, Reason, with_current};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

/// What stands in for a descriptor.
pub trait Standin: Send + Sync {
    /// Its number, for who reads a dump: as a descriptor's, but they may be the same.
    fn number(&self) -> i32;

    /// Whether an operation in that direction need not wait.
    fn is_ready(&self, interest: Interest) -> bool;

    /// When that will change by itself, if it will: in the future.
    fn changes_at(&self, interest: Interest) -> Option<Instant>;
}

/// The right to count an edge of a source. It outlives the source, and then does nothing.
#[derive(Clone)]
pub struct Bell {
    inner: Arc<Inner>,
}

impl Bell {
    /// Counts an edge, and wakes whoever waits for one.
    pub fn ring(&self, interest: Interest) {
        self.inner.direction(interest).wake_all();
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bell").finish_non_exhaustive()
    }
}

impl Source {
    /// The right to count its edges, for a source that belongs to a [`Standin`].
    pub fn bell(&self) -> Bell {
        Bell { inner: Arc::clone(self.inner()) }
    }

    /// [`wait`](Self::wait), for what is not there yet at a stand-in: until an edge that `look` has not seen, or until it has changed by
    /// itself.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) once `deadline` has passed, [`Other`](io::ErrorKind::Other) with the text "cancelled" if
    /// the agent is cancelled.
    pub fn wait_for(
        &self,
        standin: &dyn Standin,
        interest: Interest,
        look: Look,
        deadline: Option<Instant>,
    ) -> io::Result<()> {
        let reason = match interest {
            Interest::Readable => Reason::Readable(standin.number().into()),
            Interest::Writable => Reason::Writable(standin.number().into()),
        };
        let until = standin.changes_at(interest).into_iter().chain(deadline).min();
        let outcome = with_current(|agent| self.inner().direction(interest).wait(agent, look, until, reason));
        match outcome {
            Outcome::Woken => Ok(()),
            Outcome::TimedOut if deadline.is_none_or(|deadline| until < Some(deadline)) => Ok(()),
            Outcome::TimedOut => Err(io::ErrorKind::TimedOut.into()),
            Outcome::Cancelled(cause) => Err(cause.into()),
        }
    }
}
