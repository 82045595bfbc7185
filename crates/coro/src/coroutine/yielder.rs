//! The side of the body: what it yields with, and its outermost frame.
//!
//! Knows nothing of who resumes. The invariants stand in `mod.rs`.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::thread;

use super::exchange::{Exchange, Link, Outcome, Passage};
use crate::panics;
use crate::switch::Suspender;

/// What the body of a [`Coroutine`](super::Coroutine) yields with, from however deep a call.
pub struct Yielder<R, Y> {
    link: NonNull<Link>,
    /// Stands in the outermost frame of the same stack.
    suspender: NonNull<Suspender>,
    values: PhantomData<fn(Y) -> R>,
}

impl<R, Y> Yielder<R, Y> {
    /// Stops the coroutine, and gives `value` to whoever resumed it. Returns with the value of the next resume.
    ///
    /// # Panics
    /// Unwinds, without a message, if the coroutine is dropped instead of resumed. Code that catches this panic and yields
    /// again is unwound again.
    #[inline(always)]
    pub fn yield_(&self, value: Y) -> R {
        // SAFETY: invariant 1: this runs on the stack that the link is in.
        let link = unsafe { self.link.as_ref() };
        if link.unwinds.get() {
            self.unwind();
        }
        // SAFETY: invariant 2.
        unsafe { self.passage().as_mut() }.yielded.write(value);
        if thread::panicking() {
            self.suspend_unwinding();
        } else {
            self.suspend();
        }
        match self.resumed_with() {
            Some(value) => value,
            None => self.unwind(),
        }
    }

    /// What it was just resumed with, once each time; `None` if it is dropped instead.
    #[inline(always)]
    fn resumed_with(&self) -> Option<R> {
        // SAFETY: invariant 1.
        if unsafe { self.link.as_ref() }.unwinds.get() {
            return None;
        }
        // SAFETY: invariant 2: it is full, and taken once.
        Some(unsafe { self.passage().as_ref().resumed_with.assume_init_read() })
    }

    #[inline(always)]
    fn suspend(&self) {
        // SAFETY: it lives until the body has returned, and with it whoever has this yielder.
        unsafe { self.suspender.as_ref() }.suspend();
    }

    /// Yields from a `Drop` in the middle of a panic, of which the resumer is to see nothing.
    #[cold]
    #[inline(never)]
    fn suspend_unwinding(&self) {
        let count = panics::lay_down();
        self.suspend();
        panics::take_up(count);
    }

    #[inline(always)]
    fn passage(&self) -> NonNull<Passage<R, Y>> {
        // SAFETY: invariants 1 and 2: while the body runs it is set.
        unsafe { NonNull::new_unchecked(self.link.as_ref().exchange.get().cast()) }
    }

    #[cold]
    #[inline(never)]
    fn unwind(&self) -> ! {
        resume_unwind(Box::new(Unwinding(self.link.addr().get())))
    }
}

impl<R, Y> fmt::Debug for Yielder<R, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Yielder").finish_non_exhaustive()
    }
}

/// What unwinds a coroutine that is dropped; it carries whose it is, since one may be dropped inside another.
struct Unwinding(usize);

/// The outermost frame of a body.
#[inline(always)]
pub(super) fn root<R, Y, T>(
    link: NonNull<Link>,
    suspender: &Suspender,
    body: impl FnOnce(&Yielder<R, Y>, R) -> T,
) {
    let yielder = Yielder { link, suspender: NonNull::from(suspender), values: PhantomData };
    let run = || match yielder.resumed_with() {
        Some(first) => Outcome::Returned(body(&yielder, first)),
        // The drop of a coroutine that was never resumed.
        None => {
            drop(body);
            Outcome::Unwound
        }
    };
    let outcome = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(outcome) => outcome,
        Err(payload) => {
            // SAFETY: invariant 1.
            let unwinds = unsafe { link.as_ref() }.unwinds.get();
            match payload.downcast_ref::<Unwinding>() {
                // One that is not being dropped may throw what code on the same stack has caught and kept.
                Some(Unwinding(whose)) if unwinds && *whose == link.addr().get() => Outcome::Unwound,
                _ => Outcome::Panicked(payload),
            }
        }
    };
    // SAFETY: invariant 2: the last resume waits for this, and its exchange is of these types.
    unsafe { yielder.passage().cast::<Exchange<R, Y, T>>().as_mut() }.outcome.write(outcome);
}
