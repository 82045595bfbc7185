//! The end of a fiber as an arm of a select: who selects is woken, or the arm that lost has left before its frame ends.
//!
//! Method: an arm is registered with a ticket on this thread's stack, which is claimed by the completer, or by this thread.

use super::join_wakes::Block;
use loom::thread;
use loom_tests::{Bounds, model};
use sisal_park::{Cancellable, JoinArm, Reason, Selectable, Ticket, with_current};

fn select(block: &Block, waits: bool) {
    let ticket = Ticket::new();
    // SAFETY: the one handle.
    let arm = unsafe { JoinArm::new(&block.state) };
    with_current(|agent| {
        // SAFETY: both live until the arm has left its line, below.
        if !arm.attempt(agent) && unsafe { arm.register(agent, &ticket, 0) } {
            if waits {
                while ticket.winner().is_none() {
                    let _ = agent.park(None, Reason::Select(1), Cancellable::Never);
                }
            }
            if ticket.claim(1) {
                arm.unregister(false);
            } else {
                assert!(arm.accept(agent));
                assert!(block.state.is_complete());
            }
        }
    });
}

#[test]
fn holds() {
    model("join_arm", Bounds::new(3, 864), || {
        let block = Block::new();
        let completer = {
            let block = block.clone();
            thread::spawn(move || {
                block.complete();
            })
        };
        select(&block, false);
        select(&block, true);
        // SAFETY: complete, since the second select has waited for it.
        assert_eq!(block.result.with(|result| unsafe { *result }), 7);
        block.free_if(block.state.release_handle());
        completer.join().unwrap();
    });
}
