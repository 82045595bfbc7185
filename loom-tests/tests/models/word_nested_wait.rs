//! A wake for an outer wait is not lost when a wait inside it eats the token: who waits like that counts its wakes.
//!
//! Method: an agent waits for one thing and, while it looks at that, for another one, as `block_on` does whose future takes a
//! lock. Two providers, each with a flag that orders nothing. The counter here stands for whatever keeps the count.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::fault;
use sisal_base::sync::Arc;
use sisal_base::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, Cancellable, Reason};

#[derive(Default)]
struct Shared {
    outer: AtomicBool,
    inner: AtomicBool,
    wakes: AtomicUsize,
}

#[test]
fn holds() {
    model("word_nested_wait", Bounds::new(2, 7632), || {
        let agent = ThreadAgent::new();
        let shared = Arc::new(Shared::default());
        let outer = {
            let (waker, shared) = (agent.waker(), shared.clone());
            thread::spawn(move || {
                shared.outer.store(true, Ordering::Relaxed);
                // Release: pairs with the Acquire of who looks whether it was woken.
                shared.wakes.fetch_add(1, Ordering::Release);
                waker.wake();
            })
        };
        let inner = {
            let (waker, shared) = (agent.waker(), shared.clone());
            thread::spawn(move || {
                shared.inner.store(true, Ordering::Relaxed);
                waker.wake();
            })
        };
        wait(&agent, &shared);
        outer.join().unwrap();
        inner.join().unwrap();
    });
}

fn wait(agent: &ThreadAgent, shared: &Shared) {
    loop {
        let wakes = shared.wakes.load(Ordering::Acquire);
        let is_there = shared.outer.load(Ordering::Relaxed);
        while !shared.inner.load(Ordering::Relaxed) {
            let _ = agent.park(None, Reason::Park, Cancellable::Never);
        }
        if is_there {
            return;
        }
        while fault!("nested.wait.token_alone") || shared.wakes.load(Ordering::Acquire) == wakes {
            let _ = agent.park(None, Reason::Park, Cancellable::Never);
            if fault!("nested.wait.token_alone") {
                break;
            }
        }
    }
}
