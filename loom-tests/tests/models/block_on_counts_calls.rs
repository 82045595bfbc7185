//! A call of a future's waker is not lost, also when a wait inside the poll eats the wake-up; and the next poll sees what the
//! caller did.
//!
//! Method: the first poll starts a caller and waits for something else that comes after the call. The second one starts a
//! caller that writes; the third reads that, which nothing but the count orders if the driver never parked.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::{Arc, UnsafeCell};
use sisal_park::{Agent, Cancellable, Completion, Reason, block_on, with_current};
use std::future::poll_fn;
use std::task::{Poll, Waker};

struct Shared {
    inner: Completion,
    written: UnsafeCell<u32>,
}
// SAFETY: loom checks that the count orders the accesses to the cell.
unsafe impl Sync for Shared {}

fn call_during_a_wait(shared: &Arc<Shared>, waker: Waker) -> thread::JoinHandle<()> {
    let theirs = shared.clone();
    let caller = thread::spawn(move || {
        waker.wake();
        if let Some(waker) = theirs.inner.complete() {
            waker.wake();
        }
    });
    // SAFETY: this thread is the only one that waits.
    let wait =
        |agent: &dyn Agent| unsafe { shared.inner.wait(agent, None, Reason::Park, Cancellable::Never) };
    let _ = with_current(wait);
    caller
}

fn write_and_call(shared: &Arc<Shared>, waker: Waker) -> thread::JoinHandle<()> {
    let theirs = shared.clone();
    thread::spawn(move || {
        // SAFETY: before the call.
        theirs.written.with_mut(|written| unsafe { *written = 7 });
        waker.wake();
    })
}

#[test]
fn holds() {
    model("block_on_counts_calls", Bounds::new(2, 608), || {
        let shared = Arc::new(Shared { inner: Completion::new(), written: UnsafeCell::new(0) });
        let (mut polls, mut caller) = (0, None::<thread::JoinHandle<()>>);
        block_on(poll_fn(|context| {
            polls += 1;
            let waker = context.waker().clone();
            match polls {
                1 => caller = Some(call_during_a_wait(&shared, waker)),
                2 => {
                    caller.take().unwrap().join().unwrap();
                    caller = Some(write_and_call(&shared, waker));
                }
                _ => {
                    // SAFETY: written before the call, which was counted before this poll.
                    assert_eq!(shared.written.with(|written| unsafe { *written }), 7);
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        }));
        caller.unwrap().join().unwrap();
    });
}
