//! A wake is never lost, whether it comes before the park, while the stack is being left, or after it; and what the waker
//! did before is seen by the woken.
//!
//! Method: one park and one wake of a bare thread's agent. The park returns because of the wake alone, so it must end, and
//! the cell that was written before the wake may be read.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::{Arc, UnsafeCell};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, Cancellable, Outcome, Reason};

struct Given(UnsafeCell<u32>);
// SAFETY: written before the wake, read after the park; loom checks that this orders them.
unsafe impl Sync for Given {}

#[test]
fn holds() {
    model("word_hand_over", Bounds::unbounded(99), || {
        let agent = ThreadAgent::new();
        let given = Arc::new(Given(UnsafeCell::new(0)));
        let provider = {
            let (waker, given) = (agent.waker(), given.clone());
            thread::spawn(move || {
                // SAFETY: the woken reads after the wake.
                given.0.with_mut(|cell| unsafe { *cell = 7 });
                waker.wake();
            })
        };
        assert_eq!(agent.park(None, Reason::Park, Cancellable::Never), Outcome::Woken);
        // SAFETY: written before the wake.
        assert_eq!(given.0.with(|cell| unsafe { *cell }), 7);
        provider.join().unwrap();
    });
}
