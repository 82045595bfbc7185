//! A handle that is polled with another waker than before is woken through the new one, and touches no slot that is the
//! completer's.
//!
//! Method: the handle is polled with a waker that does nothing, then driven to its end, while the fiber completes.

use super::join_wakes::Block;
use loom::thread;
use loom_tests::{Bounds, model};
use sisal_park::block_on;
use std::future::poll_fn;
use std::task::{Poll, Waker};

#[test]
fn holds() {
    model("join_changes_waker", Bounds::new(3, 789), || {
        let block = Block::new();
        let completer = {
            let block = block.clone();
            thread::spawn(move || assert!(!block.complete(), "there was a handle"))
        };
        // SAFETY: the one handle.
        let poll = |waker: &Waker| unsafe { block.state.poll(waker) };
        if !poll(Waker::noop()) {
            block_on(poll_fn(|context| if poll(context.waker()) { Poll::Ready(()) } else { Poll::Pending }));
        }
        // SAFETY: complete.
        assert_eq!(block.result.with(|result| unsafe { *result }), 7);
        block.free_if(block.state.release_handle());
        completer.join().unwrap();
    });
}
