//! The switch: a computation on a stack of its own, that stops and goes on.
//!
//! Knows nothing of why it stops, of who makes it go on, or when. This is the only file that names corosensei's
//! coroutines, and the only one in which one of them may change its thread.
//!
//! The processor predicts where a `ret` goes by pairing it with a `call`. A switch is such a pair (2.2 ns), as long as
//! nothing is called between it and the loop that resumes, nor between it and the frame that suspends; one call in
//! between costs 15 ns more, two 40. So everything here is inlined, always.

use std::fmt;
use std::hint;
use std::mem::{self, ManuallyDrop};
use std::process;
use std::ptr;

use corosensei::{Coroutine, CoroutineResult, Yielder};

use crate::os;
use crate::pool::Pool;
use crate::stack::Stack;

/// The largest body that corosensei lays onto the stack by itself; larger ones are boxed.
const BODY_BYTES_MAX: usize = 1024;

/// With each resume travels whether it must look, see [`Resumable::resume_with`].
type Inner = Coroutine<bool, (), (), Stack>;

/// What a computation did when it was resumed.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// It stopped in [`Suspender::suspend`], and can be resumed again.
    Suspended,
    /// Its body has returned. What is left is the [stack](Resumable::into_stack).
    Finished,
}

/// A computation on its own stack.
///
/// It starts when it is first resumed. One that has not started or has finished is dropped like any value, and its stack
/// goes back to its pool. One that is *suspended* is never unwound: dropping it leaks it, stack and all, and counts
/// it in [`PoolStats::leaked`](crate::PoolStats::leaked). (Its frames may be borrowed from by others, so nothing but its own
/// running on could end them soundly.)
///
/// The body must not unwind: a panic that leaves it ends the process, with a message. Catch it inside, where it costs
/// 1.7 µs and not 3.4.
///
/// ```
/// use sisal_coro::{Class, Pool, Resumable, Resumed};
///
/// let stack = Pool::global().take(Class::DEFAULT)?;
/// let mut twice = Resumable::new(stack, |suspender| suspender.suspend());
/// assert_eq!(twice.resume(), Resumed::Suspended);
/// assert_eq!(twice.resume(), Resumed::Finished);
/// Pool::global().give(twice.into_stack());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// It stays on its thread:
///
/// ```compile_fail
/// fn must_be_send<T: Send>() {}
/// must_be_send::<sisal_coro::Resumable>();
/// ```
pub struct Resumable {
    coroutine: ManuallyDrop<Inner>,
    /// Where its stack is, for when the coroutine is not to be asked.
    base: usize,
}

// It is kept in the header room of its own stack, beside the record of whoever resumes it.
const _: () = assert!(size_of::<Resumable>() <= 64 && align_of::<Resumable>() <= 64);

impl Resumable {
    /// A computation that will run `body` on `stack`.
    #[inline]
    pub fn new(stack: Stack, body: impl FnOnce(&Suspender) + 'static) -> Resumable {
        // SAFETY: `body` borrows nothing.
        unsafe { Resumable::new_unchecked(stack, body) }
    }

    /// [`new`](Self::new) for a body that borrows.
    ///
    /// # Safety
    ///
    /// What `body` borrows stays valid until it has finished; if it is leaked while suspended, for ever.
    #[inline(always)]
    pub unsafe fn new_unchecked<F: FnOnce(&Suspender)>(stack: Stack, body: F) -> Resumable {
        if const { size_of::<F>() > BODY_BYTES_MAX } {
            let body = Box::new(body);
            // SAFETY: the caller's promise.
            return unsafe { Resumable::launch(stack, move |suspender| body(suspender)) };
        }
        // SAFETY: the caller's promise.
        unsafe { Resumable::launch(stack, body) }
    }

    #[inline(always)]
    unsafe fn launch<F: FnOnce(&Suspender)>(stack: Stack, body: F) -> Resumable {
        let root = move |yielder: &Yielder<bool, ()>, _| {
            let unwinding = AbortIfDropped;
            body(Suspender::of(yielder));
            mem::forget(unwinding);
        };
        let base = stack.base();
        // SAFETY: the caller of `new_unchecked` keeps what `body` borrows alive. A coroutine that is dropped half-way is
        // leaked with its stack (`Drop`), as corosensei demands of one that is forgotten.
        let coroutine = unsafe { Inner::with_stack_unchecked(stack, root) };
        Resumable { coroutine: ManuallyDrop::new(coroutine), base }
    }

    /// Runs it until it suspends or finishes. Call it from one flat loop; see the head of this file.
    ///
    /// # Panics
    ///
    /// If it has finished.
    #[inline(always)]
    pub fn resume(&mut self) -> Resumed {
        self.resume_with(false)
    }

    /// [`resume`](Self::resume), after which [`suspend_and_look`](Suspender::suspend_and_look) returns `must_look`: whether there may be more for the
    /// computation than to go on, so that it need not look each time.
    #[inline(always)]
    pub fn resume_with(&mut self, must_look: bool) -> Resumed {
        match self.coroutine.resume(must_look) {
            CoroutineResult::Yield(()) => Resumed::Suspended,
            CoroutineResult::Return(()) => Resumed::Finished,
        }
    }

    /// Whether it stopped in the middle of its body.
    #[inline]
    pub fn is_suspended(&self) -> bool {
        self.coroutine.started() && !self.coroutine.done()
    }

    /// Whether its body has returned. (Asked while it runs, from inside, it says yes: nobody has been told otherwise.)
    #[inline]
    pub fn is_finished(&self) -> bool {
        self.coroutine.done()
    }

    /// The stack, after [`Resumed::Finished`].
    ///
    /// # Panics
    ///
    /// If the body has not returned.
    #[inline(always)]
    pub fn into_stack(self) -> Stack {
        // Before anything is taken apart: corosensei would unwind a suspended coroutine that is dropped.
        assert!(self.is_finished(), "the stack of a computation that has not finished");
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped or used again.
        let coroutine = unsafe { ManuallyDrop::take(&mut this.coroutine) };
        coroutine.into_stack()
    }

    /// [`into_stack`](Self::into_stack) of one that stays where it is: the rest of it is not even read, which counts when it
    /// has just been written. `None`, and nothing is taken, if there is none, or if it has not finished.
    #[inline(always)]
    pub fn take_stack(place: &mut Option<Resumable>) -> Option<Stack> {
        if !place.as_ref()?.is_finished() {
            return None;
        }
        let mut this = ManuallyDrop::new(place.take()?);
        // SAFETY: `this` is never dropped or used again.
        let coroutine = unsafe { ManuallyDrop::take(&mut this.coroutine) };
        // SAFETY: asked above. Said again, since with the road of one that has not finished all of it would be copied.
        unsafe { hint::assert_unchecked(coroutine.done()) };
        Some(coroutine.into_stack())
    }

    /// Gives a computation up that will never be resumed: neither its frames nor its stack are touched again, and it is
    /// counted in [`PoolStats::leaked`](crate::PoolStats::leaked). Says aloud what dropping a suspended one does.
    pub fn leak(self) {
        if self.is_finished() {
            return;
        }
        let this = ManuallyDrop::new(self);
        this.note_leak();
    }

    /// Makes it movable to other threads.
    ///
    /// This is the one place in sisal where a running stack may change its thread. What makes it sound:
    ///
    /// 1. *No two threads run it.* It moves as a value, and `resume` takes `&mut self`.
    /// 2. *The next thread sees what the last one wrote to the stack.* Whatever hands the value over synchronises, as with
    ///    any `Send` value: the word's Release and Acquire, a lock, a channel.
    /// 3. *Nothing in its frames belongs to a thread*, at the moments when it is suspended. Nobody can check that, so
    ///    somebody promises it: for one that has not started, the `Send` bound on whatever went into the body; for one
    ///    that has, `migrate_started_fibers`' caller, and the scheduler, which moves none that is unwinding (std counts
    ///    panics by thread).
    /// 4. *The switch keeps no state of the thread.* corosensei saves and restores registers alone; the link to the resumer's
    ///    stack is written anew by each `resume`. Floating-point control words stay the thread's.
    ///
    /// A computation that is only ever resumed by the thread that first resumed it, and that merely lies in a place which
    /// other threads also reach (in the header room of its stack), needs 2 and no more.
    ///
    /// # Safety
    ///
    /// The caller upholds 3, for every moment at which the value is moved to another thread and resumed or dropped there.
    #[inline(always)]
    pub unsafe fn assume_send(self) -> SendResumable {
        SendResumable(self)
    }

    #[cold]
    fn note_leak(&self) {
        if let Some(pool) = Pool::owner_of(self.base) {
            pool.note_leak();
        }
    }
}

impl Drop for Resumable {
    fn drop(&mut self) {
        if self.is_suspended() {
            return self.note_leak();
        }
        // SAFETY: `self` is gone after this. The coroutine has not started, so its body is dropped, or has finished; in
        // both cases nothing is unwound, and its stack goes home.
        unsafe { ManuallyDrop::drop(&mut self.coroutine) };
    }
}

impl fmt::Debug for Resumable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.is_finished(), self.is_suspended()) {
            (true, _) => "finished",
            (false, true) => "suspended",
            (false, false) => "not started",
        };
        f.debug_tuple("Resumable").field(&format_args!("{state}")).finish()
    }
}

/// A [`Resumable`] that somebody has [promised](Resumable::assume_send) to be movable.
#[derive(Debug)]
pub struct SendResumable(Resumable);

// SAFETY: promised to `assume_send`, where the argument stands.
unsafe impl Send for SendResumable {}

impl SendResumable {
    /// The computation, where it is now.
    #[inline(always)]
    pub fn get_mut(&mut self) -> &mut Resumable {
        &mut self.0
    }

    /// The computation, back on one thread.
    #[inline(always)]
    pub fn into_inner(self) -> Resumable {
        self.0
    }
}

/// What a body suspends itself with.
///
/// It works wherever the body has called to: also on a stack that [`call_on`] went to, and inside another `Resumable` that
/// the body resumes (then both stop, and both go on when the outer one is resumed).
#[repr(transparent)]
pub struct Suspender(Yielder<bool, ()>);

impl Suspender {
    #[inline(always)]
    fn of(yielder: &Yielder<bool, ()>) -> &Suspender {
        // SAFETY: the same in memory (`repr(transparent)`), for the same lifetime.
        unsafe { &*ptr::from_ref(yielder).cast::<Suspender>() }
    }

    /// Stops the computation: [`Resumable::resume`] returns to whoever called it. Returns when it is resumed.
    #[inline(always)]
    pub fn suspend(&self) {
        self.suspend_and_look();
    }

    /// [`suspend`](Self::suspend) that says whether the computation [must look](Resumable::resume_with) what else there is for it.
    #[inline(always)]
    pub fn suspend_and_look(&self) -> bool {
        self.0.suspend(())
    }
}

impl fmt::Debug for Suspender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suspender").finish_non_exhaustive()
    }
}

/// Calls `f` on another stack, and comes back (2.5 ns). The computation that calls may suspend inside; then `stack` stays in
/// use until it has gone on.
///
/// # Panics
///
/// A panic of `f` crosses the stacks and goes on in the caller.
///
/// ```
/// use sisal_coro::{Class, Pool, call_on};
///
/// fn depth(n: u64) -> u64 {
///     let frame = std::hint::black_box([n; 100]);
///     if n == 0 { 0 } else { 1 + depth(frame[7] - 1) }
/// }
///
/// let mut stack = Pool::global().take(Class::for_size(64 << 20)?)?;
/// assert_eq!(call_on(&mut stack, || depth(10_000)), 10_000);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn call_on<F, R>(stack: &mut Stack, f: F) -> R
where
    F: FnOnce() -> R,
{
    corosensei::on_stack(stack, f)
}

/// Stands in each body's root frame: dropped only by a panic that got past the body.
struct AbortIfDropped;

impl Drop for AbortIfDropped {
    #[cold]
    fn drop(&mut self) {
        os::write_error(
            b"sisal: a panic left the body of a resumable computation, whose resumer does not expect it\n",
        );
        process::abort();
    }
}
