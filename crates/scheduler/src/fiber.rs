//! What running code asks for itself: to park, to sleep, to yield, to know who it is.
//!
//! Knows nothing of runtimes. All of it works on a bare thread too, for that thread.

use crate::current::with_worker;
use crate::handle::Fiber;
use crate::worker;
use sisal_park::{Agent, Cancellable, Outcome, Reason, with_current};
use std::time::{Duration, Instant};

/// A handle to the running fiber; on a bare thread, to that thread.
pub fn current_fiber() -> Fiber {
    match with_worker(|worker| worker.and_then(|worker| worker.current())) {
        Some(task) => Fiber::of_task(task.to_ref()),
        None => Fiber::of_thread(),
    }
}

/// Lets other fibers run. Returns at once if there is nothing else to do.
///
/// ```
/// sisal_scheduler::spawn(|| sisal_scheduler::yield_now()).join().unwrap();
/// ```
#[inline]
pub fn yield_now() {
    worker::yield_now();
}

/// Lets other fibers run if the running one has used up its time slice of 10–20 ms; a few nanoseconds otherwise. For loops
/// that compute for long and call nothing of sisal's.
///
/// ```
/// let sum: u64 = (0..1_000_u64).inspect(|_| sisal_scheduler::checkpoint()).sum();
/// assert_eq!(sum, 499_500);
/// ```
#[inline]
pub fn checkpoint() {
    worker::checkpoint();
}

/// Waits until the running fiber is [unparked](Fiber::unpark), or was since its last `park`. A cancel makes one call
/// return early; like [`std::thread::park`], it may return for no reason.
///
/// ```
/// use sisal_scheduler::{current_fiber, park, spawn};
/// let parked = spawn(park);
/// parked.fiber().unpark();
/// parked.join().unwrap();
/// # let _ = current_fiber();
/// ```
pub fn park() {
    with_current(|agent| park_until(agent, None));
}

/// [`park`], at the longest for `timeout`.
pub fn park_timeout(timeout: Duration) {
    with_current(|agent| park_until(agent, agent.now().checked_add(timeout)));
}

fn park_until(agent: &dyn Agent, deadline: Option<Instant>) {
    while !agent.word().take_permit() {
        if agent.park(deadline, Reason::Park, Cancellable::Once) != Outcome::Woken {
            // A permit that came with the timeout is this call's.
            agent.word().take_permit();
            return;
        }
    }
}

/// Waits for at least `duration`. A cancel makes one call return early.
///
/// A timer is some 16 µs coarse; a worker with 256 timers or more lets them fire together, up to 120 µs late, or as late as
/// [`Builder::timer_slack`](crate::runtime::Builder::timer_slack) says.
///
/// ```
/// use std::time::{Duration, Instant};
/// let start = Instant::now();
/// sisal_scheduler::sleep(Duration::from_millis(2));
/// assert!(start.elapsed() >= Duration::from_millis(2));
/// ```
pub fn sleep(duration: Duration) {
    with_current(|agent| {
        // A deadline that no clock can show is never.
        let deadline = agent.now().checked_add(duration);
        sleep_agent(agent, deadline);
    });
}

/// Waits until `deadline` has passed. A cancel makes one call return early.
pub fn sleep_until(deadline: Instant) {
    with_current(|agent| sleep_agent(agent, Some(deadline)));
}

fn sleep_agent(agent: &dyn Agent, deadline: Option<Instant>) {
    while agent.park(deadline, Reason::Sleep, Cancellable::Once) == Outcome::Woken {}
}

/// Whether whoever runs was asked to end, itself or by a scope or a token around it, or a deadline around it has passed.
/// Works on a bare thread too.
///
/// ```
/// assert!(!sisal_scheduler::is_cancelled());
/// ```
pub fn is_cancelled() -> bool {
    sisal_park::cancel::check().is_err()
}

/// The time of whoever runs: what sleeps and deadlines are measured by.
pub fn now() -> Instant {
    with_current(|agent| agent.now())
}
