//! A real fiber that is woken by whoever comes is run by one thread at a time, sees on its own stack what it wrote there before,
//! whichever thread it ran on, and loses no wake.
//!
//! Method: a coroutine on its own stack, started by one thread, that parks until two others have each provided something and
//! woken it. The provided is a flag that orders nothing, so that the word must; on the fiber's stack is a cell that loom
//! watches. When all threads have done their part, the fiber must have come to its end.

use loom::thread;
use loom_tests::{Bounds, Fiber, Watched, model};
use sisal_base::sync::Arc;
use sisal_base::sync::atomic::{AtomicBool, Ordering};
use sisal_park::{Agent, Cancellable, Reason, with_current};

#[test]
fn holds() {
    model("fiber_parks_and_migrates", Bounds::new(3, 21_493), || {
        let provided = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let done = Arc::new(Watched::new());
        let fiber = {
            let (provided, done) = (provided.clone(), done.clone());
            Fiber::new(move || {
                let on_own_stack = Watched::new();
                on_own_stack.add();
                while !provided.iter().all(|provided| provided.load(Ordering::Relaxed)) {
                    let _ = with_current(|agent| agent.park(None, Reason::Park, Cancellable::Never));
                    on_own_stack.add();
                }
                assert!(on_own_stack.get() <= 3, "each wake ends one park at most");
                done.add();
            })
        };
        let providers: Vec<_> = (0..2)
            .map(|index| {
                let (provided, waker) = (provided.clone(), fiber.waker());
                thread::spawn(move || {
                    provided[index].store(true, Ordering::Relaxed);
                    waker.wake();
                })
            })
            .collect();
        fiber.run();
        for provider in providers {
            provider.join().unwrap();
        }
        assert_eq!(done.get(), 1, "a wake was lost");
        fiber.detach();
    });
}
