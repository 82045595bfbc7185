//! One direction of a source: how often it has become ready, and who waits for the next time.
//!
//! Knows nothing of reactors or descriptors. Its protocol is told in `source.rs`.

use sisal_base::sync::SpinLock;
use sisal_base::sync::atomic::{AtomicU32, Ordering};
use sisal_park::{Agent, Cancellable, Outcome, Place, Reason, Ticket, WaitQueue, Waiter, WakeBatch};
use std::fmt;
use std::pin::{Pin, pin};
use std::ptr;
use std::time::Instant;

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Data, a connection to accept, an end or an error.
    Readable,
    /// Room, the outcome of a connect, an end or an error.
    Writable,
}

/// The edges of one direction that had been seen when it was taken; see [`Source::look`](crate::Source::look).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look(u32);

/// Set in a look by the first event that told of an end, an error or urgent data, never cleared: from then on a short read
/// says nothing about what is left.
const CLOSED: u32 = 1;
/// One edge. They are counted modulo 2^31: an agent would have to stand still between its look and its wait for just
/// that many events to miss one.
const EDGE: u32 = 2;
/// A look that nobody can have taken while the direction was not closed.
const NEVER: u32 = u32::MAX;

const _: () = assert!(NEVER & CLOSED != 0);

/// One direction of a source.
pub(crate) struct Direction {
    /// Changed under the lock of `waiters`, read by anybody.
    edges: AtomicU32,
    /// The look before the last short read.
    drained: AtomicU32,
    waiters: SpinLock<WaitQueue>,
}

impl Direction {
    pub(crate) const fn new() -> Self {
        Self {
            edges: AtomicU32::new(0),
            drained: AtomicU32::new(NEVER),
            waiters: SpinLock::new(WaitQueue::new()),
        }
    }

    #[inline]
    pub(crate) fn look(&self) -> Look {
        // Acquire: pairs with the Release in `deliver`. The look comes before the call that follows it.
        Look(self.edges.load(Ordering::Acquire))
    }

    /// The call that followed `look` has taken all there was.
    #[inline]
    pub(crate) fn drain(&self, look: Look) {
        if look.0 & CLOSED == 0 {
            // Relaxed: who reads this look draws its conclusion from the number alone (`source.rs`, *drained*).
            self.drained.store(look.0, Ordering::Relaxed);
        }
    }

    /// Whether a call that followed `look`, or an equal one, has taken all there was.
    #[inline]
    pub(crate) fn is_drained(&self, look: Look) -> bool {
        self.drained.load(Ordering::Relaxed) == look.0
    }

    /// Counts an edge, if there is one (`Some(closed)`), and pops waiters until `batch` is full; `true` if there are more.
    pub(crate) fn deliver(&self, edge: Option<bool>, batch: &mut WakeBatch) -> bool {
        let mut waiters = self.waiters.lock();
        if let Some(closed) = edge {
            let edges = self.edges.load(Ordering::Relaxed).wrapping_add(EDGE) | u32::from(closed);
            // Release: pairs with the Acquire in `look`.
            self.edges.store(edges, Ordering::Release);
        }
        waiters.pop_into(batch)
    }

    /// An edge without an event, for whoever waits here or is about to.
    pub(crate) fn wake_all(&self) {
        let mut batch = WakeBatch::new();
        let mut edge = Some(false);
        while self.deliver(edge.take(), &mut batch) {
            batch.wake_all();
        }
        batch.wake_all();
    }

    /// Parks until an edge that `look` has not seen.
    pub(crate) fn wait(
        &self,
        agent: &dyn Agent,
        look: Look,
        deadline: Option<Instant>,
        reason: Reason,
    ) -> Outcome {
        let waiter = pin!(Waiter::new(agent, ptr::null_mut()));
        let waiter = waiter.as_ref();
        {
            let mut waiters = self.waiters.lock();
            // Relaxed: the lock under which it is changed orders it.
            if self.edges.load(Ordering::Relaxed) != look.0 {
                return Outcome::Woken;
            }
            // SAFETY: new, so in no queue; pinned to this frame, which it leaves only below, done or removed.
            unsafe { waiters.push(waiter) };
        }
        let outcome = waiter.wait(agent, deadline, reason, Cancellable::Always);
        if outcome == Outcome::Woken {
            return outcome;
        }
        // SAFETY: in this queue since it was pushed, or popped.
        if unsafe { self.waiters.lock().remove(waiter) } {
            return outcome;
        }
        waiter.wait_for_claimant();
        Outcome::Woken
    }

    /// Lets an arm of a select stand among those who wait, unless there was an edge that `look` has not seen.
    ///
    /// # Safety
    /// As [`Place::fill`]; and the arm [leaves](Self::leave) before its place is cleared.
    pub(crate) unsafe fn register(
        &self,
        look: Look,
        place: &Place,
        (agent, ticket, arm): (&dyn Agent, &Ticket, usize),
    ) -> bool {
        let mut waiters = self.waiters.lock();
        // Relaxed: as in `wait`.
        if self.edges.load(Ordering::Relaxed) != look.0 {
            return false;
        }
        // SAFETY: the caller's promise.
        unsafe { waiters.push(place.fill(agent, ptr::null_mut(), ticket, arm)) };
        true
    }

    /// Takes an arm's waiter out again, if it is still there.
    ///
    /// # Safety
    /// It stands here or nowhere.
    pub(crate) unsafe fn leave(&self, waiter: Pin<&Waiter>) {
        // SAFETY: the caller's promise.
        unsafe { self.waiters.lock().remove(waiter) };
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiters.lock().len()
    }
}

impl fmt::Debug for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direction")
            .field("edges", &(self.edges.load(Ordering::Relaxed) / EDGE))
            .field("closed", &(self.edges.load(Ordering::Relaxed) & CLOSED != 0))
            .field("waiting", &self.waiting())
            .finish()
    }
}
