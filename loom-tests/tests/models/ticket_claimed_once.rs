//! Of two providers that find the arms of one select, exactly one wins; the loser has done nothing.
//!
//! Method: one agent with a ticket stands in two queues; each of two providers pops one of them.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::{Arc, SpinLock};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, Cancellable, Reason, Ticket, WaitQueue, Waiter};
use std::pin::{Pin, pin};
use std::ptr;

#[test]
fn holds() {
    model("ticket_claimed_once", Bounds::new(3, 4284), || {
        let queues = Arc::new([SpinLock::new(WaitQueue::new()), SpinLock::new(WaitQueue::new())]);
        let agent = ThreadAgent::new();
        let ticket = Ticket::new();
        // SAFETY: the ticket outlives both waiters.
        let arm = |n| unsafe { Waiter::with_ticket(&agent as &dyn Agent, ptr::null_mut(), &ticket, n) };
        let (first, second) = (pin!(arm(0)), pin!(arm(1)));
        let waiters: [Pin<&Waiter>; 2] = [first.as_ref(), second.as_ref()];
        for (queue, waiter) in queues.iter().zip(waiters) {
            // SAFETY: removed below, before the frame ends.
            unsafe { queue.lock().push(waiter) };
        }
        let providers: Vec<_> = (0..2)
            .map(|n| {
                let queues = queues.clone();
                thread::spawn(move || {
                    let claimed = queues[n].lock().pop().map(|claimed| claimed.finish());
                    let won = claimed.is_some();
                    if let Some(waker) = claimed {
                        waker.wake();
                    }
                    won
                })
            })
            .collect();
        while !waiters.iter().any(|waiter| waiter.is_done()) {
            let _ = agent.park(None, Reason::Park, Cancellable::Never);
        }
        let winner = ticket.winner().unwrap();
        assert!(waiters[winner].is_done() && !waiters[1 - winner].is_done());
        for (queue, waiter) in queues.iter().zip(waiters) {
            // SAFETY: in that queue, or popped from it.
            unsafe { queue.lock().remove(waiter) };
        }
        let won: Vec<bool> = providers.into_iter().map(|provider| provider.join().unwrap()).collect();
        assert_eq!(won.iter().filter(|&&won| won).count(), 1, "{won:?}");
        assert!(won[winner]);
    });
}
