//! Driving a future: poll it, and park its driver until somebody has called its waker.
//!
//! Knows nothing of what the future waits for, nor of whether a fiber or a thread drives it.
//!
//! | `Calls` | means | changed by |
//! |---|---|---|
//! | `count` | how many times the future's waker was called | a call: +1 |
//! | `driver` | who polls | nobody; it holds a reference to the agent's record, so a call may come after the agent has ended |
//!
//! Invariants:
//! 1. A call counts first and wakes the driver after that.
//! 2. The driver reads the count before it polls, and parks only while it is unchanged since.
//!
//! Race, *nested wait*: A polls. B calls the waker: A's word gets its token. Inside the same poll A waits for a lock, and that
//! wait eats the token, as any wait may. The poll ends as pending. A sees that the count has grown, and polls again; had it
//! relied on the token, it would park for ever.
//!
//! Road not taken: one count for each agent. A call for an outer future would make an inner one be polled in vain.

use crate::{Cancellable, Reason, WakeKind, Waker, with_current};
use sisal_base::sync::atomic::AtomicUsize;
use sisal_base::{fault, ordering};
use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};

/// What the wakers of one future share with who drives it.
struct Calls {
    count: AtomicUsize,
    driver: Waker,
}

impl Calls {
    fn count(&self) -> usize {
        // Acquire: pairs with the Release in `wake_by_ref`: the next poll sees what the caller did.
        self.count.load(ordering!(Acquire, "block_on.count.relaxed" => Relaxed))
    }
}

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakes_first = fault!("block_on.call.wakes_first");
        if wakes_first {
            self.driver.wake_as(WakeKind::Back);
        }
        // Release: pairs with the Acquire in `count`.
        self.count.fetch_add(1, ordering!(Release, "block_on.call.relaxed" => Relaxed));
        if !wakes_first {
            self.driver.wake_as(WakeKind::Back);
        }
    }
}

/// Drives `future` to its end: suspends a fiber, blocks a bare thread. The wait is not cut short by a cancel, which a future
/// cannot report.
///
/// Any future works that brings its own reactor or needs none; its wakers may be called from anywhere, also when the fiber
/// has ended. A future that wakes itself lets others run between its polls.
///
/// ```
/// use sisal_park::block_on;
///
/// assert_eq!(block_on(async { 6 * 7 }), 42);
/// ```
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    // The future may do with the agent whatever it likes but end it, since this runs in its name.
    with_current(|agent| {
        let calls = Arc::new(Calls { count: AtomicUsize::new(0), driver: agent.waker() });
        let waker = Arc::clone(&calls).into();
        let mut context = Context::from_waker(&waker);
        loop {
            let mut seen = calls.count();
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            if fault!("block_on.count.late") {
                seen = calls.count();
            }
            if calls.count() != seen {
                // Called while it was polled: maybe by itself, to let others run.
                agent.yield_now();
            }
            while calls.count() == seen || fault!("block_on.parks_blindly") {
                let _ = agent.park(None, Reason::Future, Cancellable::Never);
                if fault!("block_on.parks_blindly") {
                    break;
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Completion;
    use std::future::poll_fn;

    #[test]
    fn a_wait_inside_the_poll_eats_no_call() {
        let inner = Arc::new(Completion::new());
        let mut polls = 0;
        block_on(poll_fn(|context| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(());
            }
            let (inner, waker, done) = (Arc::clone(&inner), context.waker().clone(), Arc::clone(&inner));
            std::thread::spawn(move || {
                waker.wake();
                if let Some(waker) = done.complete() {
                    waker.wake();
                }
            });
            // SAFETY: this thread is the only one that waits.
            let wait = |agent: &dyn crate::Agent| unsafe {
                inner.wait(agent, None, Reason::Park, Cancellable::Never)
            };
            let _ = with_current(wait);
            Poll::Pending
        }));
        assert_eq!(polls, 2);
    }

    #[test]
    fn wakers_outlive_their_driver() {
        let keep = |context: &mut Context<'_>| Poll::Ready(context.waker().clone());
        let waker = std::thread::spawn(move || block_on(poll_fn(keep))).join().unwrap();
        waker.wake_by_ref();
        waker.wake();
    }

    #[test]
    fn who_wakes_itself_is_polled_again() {
        let mut left = 100;
        block_on(poll_fn(|context| {
            left -= 1;
            context.waker().wake_by_ref();
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        }));
    }
}
