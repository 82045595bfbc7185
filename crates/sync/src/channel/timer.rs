//! Receivers of the time: one message at a moment, or one each period. Nobody sends them.
//!
//! Knows nothing of who keeps the time: to wait for a message is to park until it is due, by the agent's own clock.
//!
//! Invariants:
//! 1. The one message of `At` goes to the one whose RMW turns `received` from `false` to `true`.
//! 2. A tick goes to the one who moves `next` on, under its lock, after it was due; who has waited for nothing has taken
//!    nothing.

use super::core::{Lack, Until};
use sisal_base::sync::SpinLock;
use sisal_base::sync::atomic::{AtomicBool, Ordering};
use sisal_park::{Agent, Cancellable, Outcome, Reason, with_current};
use std::time::{Duration, Instant};

pub(super) enum Timer {
    At { when: Instant, received: AtomicBool },
    Tick { next: SpinLock<Instant>, period: Duration },
}

impl Timer {
    pub(super) fn at(when: Instant) -> Self {
        Self::At { when, received: AtomicBool::new(false) }
    }

    pub(super) fn tick(first: Instant, period: Duration) -> Self {
        Self::Tick { next: SpinLock::new(first), period }
    }

    /// When there will be a message; `None` if never again.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            // Relaxed: the message is a time, which was there before the channel.
            Self::At { when, received } => (!received.load(Ordering::Relaxed)).then_some(*when),
            Self::Tick { next, .. } => Some(*next.lock()),
        }
    }

    pub(super) fn is_ready(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due <= now)
    }

    /// Takes the message that is due, for somebody who has waited for it since `since`.
    pub(super) fn take(&self, now: Instant, since: Instant) -> Option<Instant> {
        match self {
            Self::At { when, received } => {
                let is_ours = *when <= now && !received.swap(true, Ordering::Relaxed);
                is_ours.then_some(*when)
            }
            Self::Tick { next, period } => {
                let mut next = next.lock();
                if now < *next {
                    return None;
                }
                let due = *next;
                // Ticks that nobody waited for are dropped: the next one comes a full period after this receive began. Who
                // waits from tick to tick gets them in step, however late each wake-up was.
                *next = due.max(since).checked_add(*period).unwrap_or(due);
                Some(due)
            }
        }
    }

    pub(super) fn recv(&self, until: Until) -> Result<Instant, Lack> {
        with_current(|agent| {
            agent.spend();
            self.recv_as(agent, until)
        })
    }

    fn recv_as(&self, agent: &dyn Agent, until: Until) -> Result<Instant, Lack> {
        let since = agent.now();
        let mut now = since;
        loop {
            if let Some(message) = self.take(now, since) {
                return Ok(message);
            }
            match until {
                Until::Now => return Err(Lack::Empty),
                Until::Deadline(deadline) if agent.has_passed(deadline) => return Err(Lack::Empty),
                _ => {}
            }
            let wake_at = earlier(self.due(), until.deadline());
            if matches!(park(agent, wake_at, self.address()), Outcome::Cancelled(_)) {
                return Err(cancelled(until));
            }
            now = agent.now();
        }
    }

    fn address(&self) -> usize {
        (&raw const *self).addr()
    }
}

/// Waits for the message that never comes.
pub(super) fn recv_never(until: Until) -> Lack {
    with_current(|agent| {
        agent.spend();
        loop {
            match until {
                Until::Now => return Lack::Empty,
                Until::Deadline(deadline) if agent.has_passed(deadline) => return Lack::Empty,
                _ => {}
            }
            if matches!(park(agent, until.deadline(), 0), Outcome::Cancelled(_)) {
                return cancelled(until);
            }
        }
    })
}

fn park(agent: &dyn Agent, deadline: Option<Instant>, address: usize) -> Outcome {
    agent.park(deadline, Reason::Timer(address), Cancellable::Always)
}

fn cancelled(until: Until) -> Lack {
    if until.deadline().is_some() { Lack::Empty } else { Lack::Disconnected }
}

/// The earlier of two moments, either of which may never come.
pub(super) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
