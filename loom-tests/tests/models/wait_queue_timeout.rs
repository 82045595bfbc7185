//! A wait that gives up has either taken nothing, or has been fulfilled: never half of each.
//!
//! Method: a receiver stands in the queue and gives up at once, while a provider pops. Loom has no clock, so the deadline has
//! passed already.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::{Arc, SpinLock, UnsafeCell};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, WaitQueue, Waiter};
use std::pin::pin;

#[test]
fn holds() {
    model("wait_queue_timeout", Bounds::unbounded(13), || {
        let receivers = Arc::new(SpinLock::new(WaitQueue::new()));
        let provider = {
            let receivers = receivers.clone();
            thread::spawn(move || {
                let mut queue = receivers.lock();
                let Some(claimed) = queue.pop() else { return false };
                // SAFETY: as in the receiver below, which is not done yet.
                let packet = unsafe { &*claimed.packet().cast::<UnsafeCell<u32>>() };
                // SAFETY: the receiver reads once it is done.
                packet.with_mut(|packet| unsafe { *packet = 7 });
                let waker = claimed.finish();
                drop(queue);
                waker.wake();
                true
            })
        };
        let received = {
            let agent = ThreadAgent::new();
            let packet = UnsafeCell::new(0_u32);
            let waiter = pin!(Waiter::new(&agent as &dyn Agent, (&raw const packet).cast_mut().cast()));
            // SAFETY: removed, or done, before the frame ends.
            unsafe { receivers.lock().push(waiter.as_ref()) };
            // SAFETY: in that queue, or popped from it.
            if unsafe { receivers.lock().remove(waiter.as_ref()) } {
                false
            } else {
                waiter.wait_for_claimant();
                // SAFETY: done: the provider has written.
                assert_eq!(packet.with(|packet| unsafe { *packet }), 7);
                true
            }
        };
        assert_eq!(provider.join().unwrap(), received);
    });
}
