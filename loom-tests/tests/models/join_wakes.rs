//! Who joins is woken, sees the result, and may free the block as soon as it has it.
//!
//! Method: a completer and a handle, each with its reference; whoever gives the last one back frees, which is a write to a
//! watched cell that nobody else may touch any more.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::{Arc, UnsafeCell};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, Completed, Dropped, JoinState, Reason};

pub(crate) struct Block {
    pub(crate) state: JoinState,
    pub(crate) result: UnsafeCell<u32>,
    pub(crate) freed: UnsafeCell<bool>,
}
// SAFETY: loom checks that the state orders all accesses to the cells.
unsafe impl Sync for Block {}

impl Block {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: JoinState::new(), result: UnsafeCell::new(0), freed: UnsafeCell::new(false) })
    }

    pub(crate) fn touch(&self) {
        // SAFETY: whoever touches holds a reference.
        assert!(!self.freed.with(|freed| unsafe { *freed }), "touched after it was freed");
    }

    pub(crate) fn free_if(&self, last: bool) {
        if last {
            // SAFETY: the last reference is gone.
            assert!(
                !self.freed.with_mut(|freed| unsafe { std::mem::replace(&mut *freed, true) }),
                "freed twice"
            );
        }
    }

    /// The completer's side, as the scheduler has it.
    pub(crate) fn complete(&self) -> bool {
        // SAFETY: read after completion.
        self.result.with_mut(|result| unsafe { *result = 7 });
        match self.state.complete(false) {
            Completed::Done => false,
            Completed::WakeLast(waker) => {
                waker.wake();
                false
            }
            Completed::Wake(waker) => {
                self.touch();
                self.free_if(self.state.release());
                waker.wake();
                false
            }
            Completed::Unwanted => {
                self.touch();
                self.free_if(self.state.release());
                true
            }
        }
    }

    /// The handle's side: joins.
    pub(crate) fn join(&self) {
        let agent = ThreadAgent::new();
        // SAFETY: the one handle.
        unsafe { self.state.wait(&agent as &dyn Agent, Reason::Park) };
        // SAFETY: complete.
        assert_eq!(self.result.with(|result| unsafe { *result }), 7);
        self.free_if(self.state.release_handle());
    }

    /// The handle's side: is dropped; whether it had to drop the result.
    pub(crate) fn drop_handle(&self) -> bool {
        match self.state.drop_handle() {
            Dropped::Done => false,
            Dropped::HasResult => {
                // SAFETY: complete.
                assert_eq!(self.result.with(|result| unsafe { *result }), 7);
                self.touch();
                self.free_if(self.state.release_handle());
                true
            }
        }
    }
}

#[test]
fn holds() {
    model("join_wakes", Bounds::unbounded(1692), || {
        let block = Block::new();
        let completer = {
            let block = block.clone();
            thread::spawn(move || assert!(!block.complete(), "there was a handle"))
        };
        block.join();
        completer.join().unwrap();
        // SAFETY: both sides are done.
        assert!(block.freed.with(|freed| unsafe { *freed }), "leaked");
    });
}
