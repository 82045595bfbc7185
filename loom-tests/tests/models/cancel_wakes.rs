//! Who waits under a flag is woken when that is raised, and sees what was done before.
//!
//! Method: an agent parks under a flag, for which it listens from that park on, while another raises the flag. A wake that is
//! lost is a deadlock.

use loom::thread;
use loom_tests::{Bounds, model};
use sisal_base::sync::UnsafeCell;
use sisal_park::cancel::{CancelFlag, enter};
use sisal_park::{Cancellable, Cause, Outcome, Reason, with_current};
use std::sync::Arc;

struct Written(UnsafeCell<u32>);

// SAFETY: written before the flag is raised, read after; loom watches.
unsafe impl Sync for Written {}
// SAFETY: as above.
unsafe impl Send for Written {}

#[test]
fn holds() {
    model("cancel_wakes", Bounds::unbounded(1609), || {
        let flag = Arc::new(CancelFlag::new());
        let written = Arc::new(Written(UnsafeCell::new(0)));
        let canceller = {
            let (flag, written) = (Arc::clone(&flag), Arc::clone(&written));
            thread::spawn(move || {
                // SAFETY: the other reads once it is cancelled.
                written.0.with_mut(|written| unsafe { *written = 7 });
                flag.raise();
            })
        };
        enter(&flag, || {
            let park = || with_current(|agent| agent.park(None, Reason::Park, Cancellable::Always));
            while park() != Outcome::Cancelled(Cause::Asked) {}
            // SAFETY: cancelled. (Looked at in here: to leave the flag takes its lock, which would make it visible, too.)
            assert_eq!(written.0.with(|written| unsafe { *written }), 7);
        });
        canceller.join().unwrap();
    });
}
