//! A future's place in a line: its waiter, inside the future, which is told to look again and is handed nothing.
//!
//! Knows nothing of messages.
//!
//! | seat | means | left by |
//! |---|---|---|
//! | empty | the future does not wait | `enter` |
//! | in line | it waits | whoever tells it: `=>` told; `leave` |
//! | told | it should look, or tell the next | `enter`, in front of all others, since it was its turn; `leave` |
//!
//! Invariants:
//! 1. Only the future's own methods touch the seat, one at a time (they have it exclusively); others reach the waiter by its
//!    link, under the line's lock, and are done with it before they release that.
//! 2. A future that was pinned is dropped before its memory is used for something else, and its drop leaves the line. (One that
//!    is leaked keeps its memory, and stays in line.)
//! 3. A user's waker is cloned and dropped outside the lock, since that is the user's code.

use sisal_base::sync::UnsafeCell;
use sisal_park::{WaitQueue, Waiter, Waker};
use std::pin::Pin;
use std::task;

pub(super) struct Seat(UnsafeCell<Option<Waiter>>);

// SAFETY: invariant 1: the waiter's claimants may be any threads, and its agent is whoever polls.
unsafe impl Send for Seat {}
// SAFETY: a shared future gives no access to its seat.
unsafe impl Sync for Seat {}

impl Seat {
    pub(super) fn new() -> Self {
        Self(UnsafeCell::new(None))
    }

    fn waiter(self: Pin<&Self>) -> Option<Pin<&Waiter>> {
        // SAFETY: invariant 1: nobody writes meanwhile; the waiter is pinned, since the seat is.
        self.get_ref().0.with(|seat| unsafe { (*seat).as_ref().map(|waiter| Pin::new_unchecked(waiter)) })
    }

    /// Whether somebody has told the future to look.
    pub(super) fn is_told(self: Pin<&Self>) -> bool {
        self.waiter().is_some_and(|waiter| waiter.is_done())
    }

    pub(super) fn is_empty(self: Pin<&Self>) -> bool {
        self.waiter().is_none()
    }

    /// Gets into line, or stays there, to be woken by `waker`. `false` if that needs a clone of it in `own`; what is in `own`
    /// afterwards is to be dropped. Both outside the lock.
    ///
    /// # Safety
    /// `queue` is the only line that this seat is ever in, and locked.
    pub(super) unsafe fn enter(
        self: Pin<&Self>,
        queue: &mut WaitQueue,
        waker: &task::Waker,
        own: &mut Option<Waker>,
    ) -> bool {
        let waiter = self.waiter();
        if let Some(waiter) = waiter.filter(|waiter| !waiter.is_done()) {
            // SAFETY: in line, and that is locked.
            if unsafe { waiter.will_wake(waker) } {
                return true;
            }
            let Some(new) = own.take() else { return false };
            // SAFETY: as above.
            *own = unsafe { waiter.set_waker(new) };
            return true;
        }
        let was_told = waiter.is_some();
        let Some(new) = own.take() else { return false };
        // SAFETY: invariant 1; the old waiter is in no line, and has given its waker away.
        self.0.with_mut(|seat| unsafe { *seat = Some(Waiter::of_waker(new)) });
        if let Some(waiter) = self.waiter() {
            // SAFETY: new, so in no line; pinned, and `leave` takes it out before it is dropped (invariant 2).
            unsafe {
                if was_told {
                    queue.push_front(waiter);
                } else {
                    queue.push(waiter);
                }
            }
        }
        true
    }

    /// Leaves the line; whether it was told. To be [cleared](Self::clear) outside the lock.
    ///
    /// # Safety
    /// As [`enter`](Self::enter).
    pub(super) unsafe fn leave(self: Pin<&Self>, queue: &mut WaitQueue) -> bool {
        match self.waiter() {
            // SAFETY: in this line, or popped.
            Some(waiter) => unsafe { !queue.remove(waiter) },
            None => false,
        }
    }

    /// Forgets the wait, outside the lock.
    pub(super) fn clear(self: Pin<&Self>) {
        // SAFETY: invariant 1; it has left the line.
        drop(self.0.with_mut(|seat| unsafe { (*seat).take() }));
    }
}
