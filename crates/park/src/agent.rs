//! Who is running now: a fiber or a bare OS thread, behind one trait.
//!
//! Knows nothing of fibers, queues, timers or runtimes. The scheduler installs a fiber's agent around each resume; where
//! none is installed, the agent is the OS thread itself.
//!
//! Nobody keeps an agent or a waker across a user's code.

use crate::cancel::{CancelScopes, Cause};
use crate::{Reason, Waker, Word, World, thread};
use sisal_base::sync::asymmetric::begin_count;
use sisal_base::thread_slot;
use sisal_coro::Suspender;
use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::rc::Rc;
use std::task;
use std::time::Instant;

/// Why a park has returned. Only a hint: each wait looks again at what it waits for.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A wake, or for no reason.
    Woken,
    /// The deadline has passed.
    TimedOut,
    /// The agent was cancelled, or a deadline around the code that waits has passed, and this wait is one that can be ended so.
    Cancelled(Cause),
}

/// Whether a cancel ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancellable {
    /// An operation that reports an error: it ends at once whenever its agent is cancelled.
    Always,
    /// An operation that reports none (`park`, `sleep`, a condition variable): a cancel makes one wait return early.
    Once,
    /// A lock, a join of scoped children, `blocking`: really waits.
    Never,
}

/// What a park that has begun still takes.
#[derive(Clone, Copy, Debug)]
pub enum Parking<'a> {
    /// Nothing: it has ended so.
    Over(Outcome),
    /// That the stack is left, and [`Agent::end_park`] after it if the agent
    /// [must look](sisal_coro::Resumable::resume_with).
    Leave(&'a Suspender),
    /// That the stack is left, and [`Agent::end_park`] after it.
    LeaveAndEnd {
        /// By what the stack is left.
        suspender: &'a Suspender,
        /// Whether a timer was set, at the deadline or before.
        timed: bool,
    },
}

/// The number of an agent, unique in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgentId(u64);

impl AgentId {
    /// The id of that number.
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// Takes `count` numbers that nobody else gets, so that a worker numbers its fibers without a shared line.
    pub fn reserve(count: u64) -> Range<u64> {
        // Outside loom's view: numbers only have to differ.
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let first = NEXT.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
        first..first + count
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What a primitive can ask of whoever runs it.
pub trait Agent {
    /// This agent's number.
    fn id(&self) -> AgentId;

    /// The first part of [`park`](Self#method.park): all of it, or up to where the agent leaves its stack.
    fn begin_park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Parking<'_>;

    /// The rest of a park that began with the stack to be left, when the agent runs again: with the same arguments, and whether it is
    /// `timed`.
    fn end_park(
        &self,
        _deadline: Option<Instant>,
        _reason: Reason,
        _cancellable: Cancellable,
        _timed: bool,
    ) -> Outcome {
        unreachable!("the park of an agent that leaves no stack ends in `begin_park`")
    }

    /// A right to wake this agent.
    fn waker(&self) -> Waker;

    /// A waker for a place on the agent's own stack: see [`Waker::lent`].
    fn lent_waker(&self) -> Waker {
        self.waker()
    }

    /// This agent's word, for the permit of `fiber::park`.
    fn word(&self) -> &Word;

    /// Lets others run.
    fn yield_now(&self);

    /// Lets others run if this agent's time slice is used up.
    fn spend(&self);

    /// Runs `job` where it may block its OS thread, and waits for its end. `job` does not unwind.
    fn blocking(&self, job: &mut (dyn FnMut() + Send));

    /// Has `job` run where it may block its OS thread, and does not wait for it, unless there is nowhere but right here, as on
    /// a bare thread. `job` does not unwind.
    fn submit_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        job();
    }

    /// The time.
    fn now(&self) -> Instant;

    /// Whether that moment has come.
    fn has_passed(&self, deadline: Instant) -> bool {
        deadline <= self.now()
    }

    /// Has `waker` called at that time, if this agent's clock is not the system's; the number by which that is taken back.
    fn set_alarm(&self, _at: Instant, _waker: &task::Waker) -> Option<u64> {
        None
    }

    /// Takes an alarm back that was set in a fiber of the same clock. Its number may be one that has rung.
    fn take_back_alarm(&self, _alarm: u64) {}

    /// A choice in `0..bound`.
    fn choose(&self, bound: usize) -> usize;

    /// The simulated world in which this agent lives; none, as a rule.
    fn world(&self) -> Option<Rc<World>> {
        None
    }

    /// The deadlines and cancel scopes around what it runs.
    fn cancel_scopes(&self) -> &CancelScopes;

    /// Both, for who needs them in a few nanoseconds: one call through the table instead of two.
    #[inline]
    fn id_and_scopes(&self) -> (AgentId, &CancelScopes) {
        (self.id(), self.cancel_scopes())
    }

    /// How many times it may look again before it parks. None for a fiber, whose worker has others to run; a bare thread
    /// has nothing better to do, and a park costs it some 10,000 ns.
    fn spins(&self) -> u32;
}

impl dyn Agent + '_ {
    /// Waits until woken, until `deadline`, or until cancelled. May return early; a wake before it is not lost.
    ///
    /// The stack is left in the caller's frame. Each frame between the switch and the code that goes on ends in a return that
    /// the processor does not predict, since it pairs them with the calls of whoever ran in between, and so does the next switch:
    /// one frame takes a third of a ping-pong's time. What waits often is inlined from here up to its user.
    #[inline(always)]
    pub fn park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Outcome {
        let timed = match self.begin_park(deadline, reason, cancellable) {
            Parking::Over(outcome) => return outcome,
            Parking::Leave(suspender) => {
                if !suspender.suspend_and_look() {
                    return Outcome::Woken;
                }
                false
            }
            Parking::LeaveAndEnd { suspender, timed } => {
                suspender.suspend();
                timed
            }
        };
        self.end_park(deadline, reason, cancellable, timed)
    }
}

thread_slot! {
    static INSTALLED: Cell<Option<NonNull<dyn Agent>>> = Cell::new(None);
}

/// Operations between two calls of [`Agent::spend`]: that many cost less than a look at the clock, and together far less
/// than a time slice.
const OPERATIONS_A_SPEND: u32 = 32;

thread_slot! {
    static OPERATIONS: Cell<u32> = Cell::new(0);
}

/// The installed agent. Never inlined, and opaque to the optimiser: the slot's *address* is that of one OS thread, and
/// must not be remembered across a suspension, after which the caller may run on another. (An address that comes from a
/// call without side effects is hoisted, inline or not: seen in the disassembly.)
#[inline(never)]
fn installed() -> Option<NonNull<dyn Agent>> {
    opaque();
    INSTALLED.with(Cell::get)
}

#[inline(always)]
fn opaque() {
    // SAFETY: no instruction. It only stops the optimiser from taking the function around it for a pure one.
    #[cfg(not(miri))]
    unsafe {
        std::arch::asm!("", options(nostack, preserves_flags));
    }
}

/// Installs `agent` as this OS thread's current one, and returns the one before.
///
/// # Safety
/// `agent` lives until it is replaced here, and each call on it comes from the code that runs in its name.
#[inline]
pub unsafe fn install(agent: Option<NonNull<dyn Agent>>) -> Option<NonNull<dyn Agent>> {
    INSTALLED.with(|slot| slot.replace(agent))
}

/// Calls `f` with whoever runs now: the installed agent, or else the OS thread.
///
/// ```
/// let id = sisal_park::with_current(|agent| agent.id());
/// assert_eq!(id, sisal_park::with_current(|agent| agent.id()));
/// ```
#[inline]
pub fn with_current<R>(f: impl FnOnce(&dyn Agent) -> R) -> R {
    // SAFETY: `f` may not keep it.
    f(unsafe { current() })
}

/// Whoever runs now, as for [`with_current`], for a caller that wants no frame in between.
///
/// # Safety
/// It is not kept beyond the end of the calling function.
#[inline(always)]
pub unsafe fn current<'a>() -> &'a dyn Agent {
    let agent = installed().unwrap_or_else(thread::own);
    // SAFETY: the promise of `install`: it lives while code runs in its name, as the caller does. The record of a fiber stays in place
    // when the fiber itself is resumed on another thread. And that of `own`.
    unsafe { agent.as_ref() }
}

/// Counts an operation that did not wait, so that a loop of such operations gives way once its time slice is used up.
#[inline]
pub fn spend() {
    if count_operation() % OPERATIONS_A_SPEND == 0 {
        spend_now();
    }
}

/// Counts an operation as [`spend`] does, for who cannot give way now, unless it was counted with others already, as `counted`. `true` if
/// [`spend_now`] is due, before the next one or after.
#[inline(always)]
pub fn count(counted: Option<u32>) -> bool {
    counted.unwrap_or_else(count_operation) % OPERATIONS_A_SPEND == 0
}

/// Gives way if the time slice is used up.
#[cold]
pub fn spend_now() {
    with_current(|agent| agent.spend());
}

/// Lets the next [`spend`] on this OS thread come through to its agent, for one that wants to hear of each.
#[inline(never)]
pub fn spend_next() {
    opaque();
    OPERATIONS.with(|operations| operations.set(u32::MAX));
    begin_count();
}

/// Not inlined for the same reason as [`installed`].
#[inline(never)]
fn count_operation() -> u32 {
    opaque();
    OPERATIONS.with(|operations| {
        let count = operations.get().wrapping_add(1);
        operations.set(count);
        count
    })
}

/// Runs `f` where it may block its OS thread: on a fiber elsewhere, on a bare thread right here. `f` may borrow from the
/// caller's frame, so nothing cuts the wait short.
///
/// # Panics
/// With the panic of `f`.
pub fn blocking<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    let mut job = Some(f);
    let mut result = None;
    with_current(|agent| {
        agent.blocking(&mut || {
            let job = job.take().expect("a blocking job runs once");
            result = Some(catch_unwind(AssertUnwindSafe(job)));
        });
    });
    match result.expect("a blocking job has run when `blocking` returns") {
        Ok(value) => value,
        Err(payload) => resume_unwind(payload),
    }
}
