//! A waiter whose wait was fulfilled may return, and its fiber end, before who fulfilled it has called the waker: if the fiber was
//! parked, it runs no more before that call; if not, the waker has taken a reference, which keeps the fiber's record.
//!
//! Method: a real fiber waits in a queue. One thread pops it, finishes, and calls the waker after unlocking; another one wakes
//! the fiber for no reason, so that it may see that it is done in between, return, and end. Nobody has its handle.

use loom::thread;
use loom_tests::{Bounds, Fiber, model};
use sisal_base::sync::{Arc, SpinLock};
use sisal_park::{Agent, Cancellable, Outcome, Reason, WaitQueue, Waiter, with_current};
use std::pin::pin;
use std::ptr;

#[test]
fn holds() {
    model("waiter_returns_before_wake", Bounds::unbounded(2_300), || {
        let queue = Arc::new(SpinLock::new(WaitQueue::new()));
        let fiber = {
            let queue = queue.clone();
            Fiber::new(move || with_current(|agent| wait(&queue, agent)))
        };
        fiber.detach();
        let nudge = fiber.waker();
        fiber.run();
        let provider = {
            let queue = queue.clone();
            thread::spawn(move || {
                let claimed = queue.lock().pop().expect("it stands there until this thread pops it");
                claimed.finish().wake();
            })
        };
        nudge.wake();
        provider.join().unwrap();
    });
}

fn wait(queue: &SpinLock<WaitQueue>, agent: &dyn Agent) {
    let waiter = pin!(Waiter::new(agent, ptr::null_mut()));
    // SAFETY: it is done before this function returns.
    unsafe { queue.lock().push(waiter.as_ref()) };
    assert_eq!(waiter.wait(agent, None, Reason::Park, Cancellable::Never), Outcome::Woken);
}
