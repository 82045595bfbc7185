//! Each of two wakes makes the woken look again: a wake that meets the other's token is not swallowed.
//!
//! Method: two providers set a flag of their own, relaxed, and wake. The waiter parks until it has seen both. If what one of
//! them did could stay unseen, it would park for ever.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::Arc;
use sisal_base::sync::atomic::{AtomicBool, Ordering::Relaxed};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, Cancellable, Reason};

#[test]
fn holds() {
    model("word_two_wakers", Bounds::new(2, 5964), || {
        let agent = ThreadAgent::new();
        let flags = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let providers: Vec<_> = (0..2)
            .map(|n| {
                let (waker, flags) = (agent.waker(), flags.clone());
                thread::spawn(move || {
                    flags[n].store(true, Relaxed);
                    waker.wake();
                })
            })
            .collect();
        while !(flags[0].load(Relaxed) && flags[1].load(Relaxed)) {
            let _ = agent.park(None, Reason::Park, Cancellable::Never);
        }
        providers.into_iter().for_each(|provider| provider.join().unwrap());
    });
}
