//! Coroutines: a computation on its own stack that gives values out and takes values in each time it stops.
//!
//! Knows nothing of fibers, nor of who may resume it; the face adds that. [`Resumable`] is the switch without values.
//!
//! ```text
//!   created ──resume──▶ running ──yield_──▶ suspended ──resume──▶ running
//!                          │                    └──drop: unwound, then complete
//!                          └──returns or panics──▶ complete
//! ```
//!
//! Values pass through an *exchange* in the frame of `resume`, which is alive exactly as long as the body runs. Its address
//! stands in the *link*, in the header room of the coroutine's stack, the one place that both sides know and that does not
//! move. So a resume allocates nothing, and the coroutine itself is a movable value.
//!
//! Invariants:
//!
//! 1. The link lives as long as the stack is the coroutine's.
//! 2. While the state is `Running`, and only then, `link.exchange` points to the exchange of the `resume` that waits.
//!    On the way in its `resumed_with` is full unless `link.unwinds`, and whoever wakes inside takes it at once; on the way
//!    back `yielded` is full if the body has suspended, and `outcome` if it has ended. The rest is never read.
//! 3. The body's root frame catches everything, so a resume ends by a yield or by completion.
//! 4. Panics are counted on the side that panics: whoever switches while its own frames unwind lays its count down first.

mod exchange;
mod scoped;
mod yielder;

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::resume_unwind;
use std::ptr::{self, NonNull};
use std::thread;

pub use scoped::scoped;
pub use yielder::Yielder;

use crate::panics;
use crate::stack::Stack;
use crate::switch::{Resumable, Resumed};
use exchange::{Exchange, Link, Outcome, finish};
use yielder::root;

/// What a coroutine did when it was resumed.
#[must_use = "the yielded value is lost"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CoroutineState<Y, T> {
    /// It stopped in [`Yielder::yield_`], with this value.
    Yielded(Y),
    /// It has returned this.
    Complete(T),
}

/// Where a coroutine is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not resumed yet.
    Created,
    /// Its body runs, or has resumed another coroutine that does, or waits with its fiber.
    Running,
    /// It has yielded, and can be resumed.
    Suspended,
    /// It has returned or panicked, or was unwound.
    Complete,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Created => "created",
            State::Running => "running",
            State::Suspended => "suspended",
            State::Complete => "complete",
        })
    }
}

/// A coroutine: takes an `R` each time it is resumed, gives a `Y` each time it yields, and in the end a `T`.
///
/// Dropping one that is suspended unwinds it: its destructors run, on its own stack. Under `panic = "abort"` nothing can
/// unwind, and it is leaked instead and counted in [`PoolStats::leaked`](crate::PoolStats::leaked).
///
/// ```
/// use sisal_coro::{Class, Coroutine, CoroutineState, Pool};
///
/// let stack = Pool::global().take(Class::DEFAULT)?;
/// let total = Coroutine::new(stack, |yielder, first: i32| {
///     let mut total = first;
///     while total < 40 {
///         total += yielder.yield_(total);
///     }
///     "enough"
/// });
/// assert_eq!(total.resume(10), CoroutineState::Yielded(10));
/// assert_eq!(total.resume(20), CoroutineState::Yielded(30));
/// assert_eq!(total.resume(15), CoroutineState::Complete("enough"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// It stays on its thread:
///
/// ```compile_fail
/// fn must_be_send<T: Send>() {}
/// must_be_send::<sisal_coro::Coroutine<(), (), ()>>();
/// ```
pub struct Coroutine<R, Y, T> {
    /// `None` once the stack was taken out, or left behind; the state is `Complete` then.
    resumable: UnsafeCell<Option<Resumable>>,
    link: NonNull<Link>,
    state: Cell<State>,
    values: PhantomData<fn(R) -> (Y, T)>,
}

impl<R, Y, T> Coroutine<R, Y, T> {
    /// A coroutine that will run `body` on `stack`. The body gets what it yields with, and the value of the first resume.
    #[inline]
    pub fn new<F>(stack: Stack, body: F) -> Self
    where
        F: FnOnce(&Yielder<R, Y>, R) -> T + 'static,
        R: 'static,
        Y: 'static,
        T: 'static,
    {
        // SAFETY: nothing is borrowed.
        unsafe { Self::new_unchecked(stack, body) }
    }

    /// [`new`](Self::new) for a body and values that borrow.
    ///
    /// # Safety
    /// What is borrowed stays valid until the coroutine was dropped or is complete. If it is forgotten or leaked while it is
    /// suspended, its frames are never touched again, but whoever borrows from *them* must have ended.
    #[inline]
    pub unsafe fn new_unchecked<F>(stack: Stack, body: F) -> Self
    where
        F: FnOnce(&Yielder<R, Y>, R) -> T,
    {
        let link = stack.header().cast::<Link>();
        let content = Link { exchange: Cell::new(ptr::null_mut()), unwinds: Cell::new(false) };
        // SAFETY: the header room is the owner's of the stack, large and aligned enough (asserted above).
        unsafe { link.write(content) };
        // SAFETY: the caller's promise.
        let resumable = unsafe {
            Resumable::new_unchecked(stack, move |suspender| root::<R, Y, T>(link, suspender, body))
        };
        Self {
            resumable: UnsafeCell::new(Some(resumable)),
            link,
            state: Cell::new(State::Created),
            values: PhantomData,
        }
    }

    /// Where it is in its life.
    #[inline]
    pub fn state(&self) -> State {
        self.state.get()
    }

    /// Runs it until it yields or completes. The first value goes to the body, each later one to the
    /// [`yield_`](Yielder::yield_) that waits.
    ///
    /// # Panics
    /// If it runs already, or is complete. With the panic of its body.
    #[inline(always)]
    pub fn resume(&self, value: R) -> CoroutineState<Y, T> {
        if !matches!(self.state.get(), State::Created | State::Suspended) {
            self.refuse();
        }
        let mut exchange = Exchange::bringing(MaybeUninit::new(value));
        match self.switch(&mut exchange) {
            // SAFETY: invariant 2.
            Resumed::Suspended => CoroutineState::Yielded(unsafe { exchange.passage.yielded.assume_init() }),
            // SAFETY: invariant 2.
            Resumed::Finished => CoroutineState::Complete(finish(unsafe { exchange.outcome.assume_init() })),
        }
    }

    #[inline(always)]
    fn switch(&self, exchange: &mut Exchange<R, Y, T>) -> Resumed {
        if thread::panicking() {
            return self.switch_unwinding(exchange);
        }
        self.state.set(State::Running);
        // SAFETY: invariant 1: neither complete nor taken apart.
        unsafe { self.link.as_ref() }.exchange.set(ptr::from_mut(exchange).cast());
        // SAFETY: the state says that nobody else is inside: `Running` is refused by whoever looks, and this is one thread.
        // It is there, since the state was not `Complete`.
        let resumable = unsafe { (*self.resumable.get()).as_mut().unwrap_unchecked() };
        let resumed = resumable.resume();
        self.state.set(match resumed {
            Resumed::Suspended => State::Suspended,
            Resumed::Finished => State::Complete,
        });
        resumed
    }

    /// Resumes from a `Drop` in the middle of a panic, of which the body is to see nothing.
    #[cold]
    #[inline(never)]
    fn switch_unwinding(&self, exchange: &mut Exchange<R, Y, T>) -> Resumed {
        let count = panics::lay_down();
        let resumed = self.switch(exchange);
        panics::take_up(count);
        resumed
    }

    /// Ends it where it is: drops its body if that has not begun, or else runs the destructors of its frames. A panic that
    /// replaces the unwinding is returned.
    #[cold]
    fn unwind(&self) -> Option<Box<dyn Any + Send>> {
        match self.state.get() {
            State::Created => {}
            State::Suspended if cfg!(panic = "unwind") => {}
            _ => return None,
        }
        // SAFETY: invariant 1.
        unsafe { self.link.as_ref() }.unwinds.set(true);
        let mut exchange = Exchange::bringing(MaybeUninit::uninit());
        // It cannot yield any more: each yield throws.
        let resumed = self.switch(&mut exchange);
        assert!(resumed == Resumed::Finished, "a coroutine that unwinds comes to its end");
        // SAFETY: invariant 2.
        match unsafe { exchange.outcome.assume_init() } {
            Outcome::Panicked(payload) => Some(payload),
            _ => None,
        }
    }

    /// Ends it, unwinding it if it is suspended, and gives its stack back, for a cache. `None` if there is nothing to give:
    /// under `panic = "abort"` a suspended one is leaked, and the second time.
    ///
    /// # Panics
    /// If it runs. With a panic of one of its destructors.
    #[inline]
    pub fn take_stack(&mut self) -> Option<Stack> {
        if self.state() != State::Complete {
            self.end();
        }
        Resumable::take_stack(self.resumable.get_mut())
    }

    /// Sees to it that it is complete; or leaked, if nothing can unwind it.
    #[cold]
    fn end(&mut self) {
        assert!(self.state() != State::Running, "a coroutine that runs cannot be taken apart");
        if let Some(payload) = self.unwind() {
            resume_unwind(payload);
        }
        if self.state() != State::Complete {
            self.leak();
        }
    }

    /// Gives it up: if it is suspended, neither its frames nor its stack are touched again, and it is counted in
    /// [`PoolStats::leaked`](crate::PoolStats::leaked).
    pub fn leak(&mut self) {
        self.state.set(State::Complete);
        if let Some(resumable) = self.resumable.get_mut().take() {
            resumable.leak();
        }
    }

    #[cold]
    fn drop_incomplete(&self) {
        // A `Resumable` that is still suspended after this leaks itself.
        match self.unwind() {
            Some(payload) if !thread::panicking() => resume_unwind(payload),
            // Already unwinding: the panic that is on its way says enough, and a second one would end the process.
            _ => {}
        }
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self) -> ! {
        panic!("resumed a coroutine that is {}", self.state())
    }
}

impl<R, Y, T> Drop for Coroutine<R, Y, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.state.get() != State::Complete {
            self.drop_incomplete();
        }
    }
}

impl<R, Y, T> fmt::Debug for Coroutine<R, Y, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coroutine").field("state", &self.state()).finish_non_exhaustive()
    }
}
