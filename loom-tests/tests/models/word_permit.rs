//! The permit of `unpark` outlives other waits, and carries what the unparker did.
//!
//! Method: one unpark and one wake for something else; the parked takes the permit, however the two come.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::{Arc, UnsafeCell};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, Cancellable, Reason, WakeKind};

struct Given(UnsafeCell<u32>);
// SAFETY: written before the unpark, read after the permit is taken; loom checks that this orders them.
unsafe impl Sync for Given {}

#[test]
fn holds() {
    model("word_permit", Bounds::new(3, 15_501), || {
        let agent = ThreadAgent::new();
        let given = Arc::new(Given(UnsafeCell::new(0)));
        let other = {
            let waker = agent.waker();
            thread::spawn(move || waker.wake())
        };
        let unparker = {
            let (waker, given) = (agent.waker(), given.clone());
            thread::spawn(move || {
                // SAFETY: read once the permit is taken.
                given.0.with_mut(|cell| unsafe { *cell = 7 });
                waker.wake_as(WakeKind::Unpark);
            })
        };
        while !agent.word().take_permit() {
            let _ = agent.park(None, Reason::Park, Cancellable::Never);
        }
        // SAFETY: written before the unpark.
        assert_eq!(given.0.with(|cell| unsafe { *cell }), 7);
        other.join().unwrap();
        unparker.join().unwrap();
    });
}
