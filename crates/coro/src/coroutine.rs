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

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::ptr::{self, NonNull};
use std::thread;

use crate::panics;
use crate::stack::{HEADER_BYTES, Stack};
use crate::switch::{Resumable, Resumed, Suspender};

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

/// What the two sides share; see the head of this file.
struct Link {
    exchange: Cell<*mut ()>,
    /// The coroutine is being dropped: each yield unwinds.
    unwinds: Cell<bool>,
}

const _: () = assert!(size_of::<Link>() <= HEADER_BYTES && align_of::<Link>() <= 64);

/// The half of an exchange that a yielder knows.
struct Passage<R, Y> {
    resumed_with: MaybeUninit<R>,
    yielded: MaybeUninit<Y>,
}

/// How a body ended.
enum Outcome<T> {
    Returned(T),
    Panicked(Box<dyn Any + Send>),
    Unwound,
}

/// `repr(C)`: a pointer to it is a pointer to its passage.
#[repr(C)]
struct Exchange<R, Y, T> {
    passage: Passage<R, Y>,
    outcome: MaybeUninit<Outcome<T>>,
}

impl<R, Y, T> Exchange<R, Y, T> {
    #[inline(always)]
    fn bringing(resumed_with: MaybeUninit<R>) -> Self {
        let passage = Passage { resumed_with, yielded: MaybeUninit::uninit() };
        Self { passage, outcome: MaybeUninit::uninit() }
    }
}

/// What unwinds a coroutine that is dropped; it carries whose it is, since one may be dropped inside another.
struct Unwinding(usize);

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
    #[inline]
    fn unwind(&self) -> Option<Box<dyn Any + Send>> {
        match self.state.get() {
            State::Created => self.unwind_slow(),
            State::Suspended if cfg!(panic = "unwind") => self.unwind_slow(),
            _ => None,
        }
    }

    #[cold]
    fn unwind_slow(&self) -> Option<Box<dyn Any + Send>> {
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
        assert!(self.state() != State::Running, "a coroutine that runs cannot be taken apart");
        if let Some(payload) = self.unwind() {
            resume_unwind(payload);
        }
        let is_complete = self.state.replace(State::Complete) == State::Complete;
        let resumable = self.resumable.get_mut().take();
        resumable.filter(|_| is_complete).map(Resumable::into_stack)
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
    #[inline(never)]
    fn refuse(&self) -> ! {
        panic!("resumed a coroutine that is {}", self.state())
    }
}

/// Calls `f` with a coroutine whose body and values may borrow from the caller's frame: it is unwound before this returns.
/// The stack is given back, for a cache.
///
/// Where nothing can unwind (`panic = "abort"`), a coroutine that is still suspended at the end ends the process: what its
/// frames lend to others, scoped threads among them, would go away under them.
///
/// # Panics
/// With the panic of `f`, or of one of the coroutine's destructors.
///
/// ```
/// use sisal_coro::{Class, Coroutine, CoroutineState, Pool, scoped};
///
/// let words = String::from("to be continued");
/// let stack = Pool::global().take(Class::DEFAULT)?;
/// let (first, _stack) = scoped(
///     stack,
///     |yielder, ()| words.split(' ').for_each(|word| yielder.yield_(word)),
///     |coroutine| coroutine.resume(()),
/// );
/// assert_eq!(first, CoroutineState::Yielded("to"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn scoped<R, Y, T, U>(
    stack: Stack,
    body: impl FnOnce(&Yielder<R, Y>, R) -> T,
    f: impl FnOnce(&Coroutine<R, Y, T>) -> U,
) -> (U, Option<Stack>) {
    // SAFETY: dropped before this returns, also by a panic of `f`, which has but a reference and cannot forget it; and one
    // that cannot be unwound ends the process.
    let mut coroutine = Unwound(unsafe { Coroutine::new_unchecked(stack, body) });
    let result = f(&coroutine.0);
    (result, coroutine.take_stack())
}

/// A coroutine that does not outlive this value by a leak.
struct Unwound<R, Y, T>(Coroutine<R, Y, T>);

impl<R, Y, T> Unwound<R, Y, T> {
    fn take_stack(&mut self) -> Option<Stack> {
        if cfg!(panic = "abort") && self.0.state() == State::Suspended {
            eprintln!(
                "sisal: a scoped coroutine is left suspended, and under panic = \"abort\" it cannot be unwound"
            );
            process::abort();
        }
        self.0.take_stack()
    }
}

impl<R, Y, T> Drop for Unwound<R, Y, T> {
    fn drop(&mut self) {
        self.take_stack();
    }
}

/// Takes the end out of its exchange.
#[inline]
fn finish<T>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Returned(value) => value,
        Outcome::Panicked(payload) => resume_unwind(payload),
        Outcome::Unwound => unreachable!("a coroutine that is resumed is not being dropped"),
    }
}

/// The outermost frame of a body.
#[inline(always)]
fn root<R, Y, T>(link: NonNull<Link>, suspender: &Suspender, body: impl FnOnce(&Yielder<R, Y>, R) -> T) {
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

impl<R, Y, T> Drop for Coroutine<R, Y, T> {
    fn drop(&mut self) {
        // A `Resumable` that is still suspended after this leaks itself.
        match self.unwind() {
            Some(payload) if !thread::panicking() => resume_unwind(payload),
            // Already unwinding: the panic that is on its way says enough, and a second one would end the process.
            _ => {}
        }
    }
}

impl<R, Y, T> fmt::Debug for Coroutine<R, Y, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coroutine").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// What the body of a [`Coroutine`] yields with, from however deep a call.
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
