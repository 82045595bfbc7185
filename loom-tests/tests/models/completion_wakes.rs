//! Who waits for a completion sees it happen, with what was written before; who gives up leaves nothing behind.
//!
//! Method: one waiter, one completer, a watched cell.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::{Arc, UnsafeCell};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, Cancellable, Completion, Outcome, Reason};

struct Job {
    result: UnsafeCell<u32>,
    done: Completion,
}
// SAFETY: written before the completion, read after it; loom checks that this orders them.
unsafe impl Sync for Job {}

#[test]
fn holds() {
    model("completion_wakes", Bounds::unbounded(306), || {
        let job = Arc::new(Job { result: UnsafeCell::new(0), done: Completion::new() });
        let completer = {
            let job = job.clone();
            thread::spawn(move || {
                // SAFETY: read after the completion.
                job.result.with_mut(|result| unsafe { *result = 7 });
                if let Some(waker) = job.done.complete() {
                    waker.wake();
                }
            })
        };
        let agent = ThreadAgent::new();
        // SAFETY: one agent waits.
        let outcome = unsafe { job.done.wait(&agent as &dyn Agent, None, Reason::Park, Cancellable::Never) };
        assert_eq!(outcome, Outcome::Woken);
        // SAFETY: written before the completion.
        assert_eq!(job.result.with(|result| unsafe { *result }), 7);
        completer.join().unwrap();
    });
}
