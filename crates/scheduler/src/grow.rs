//! A call on a bigger stack, for recursion that is deep now and then.
//!
//! Knows nothing of fibers: whoever runs goes to the other stack and comes back, and may wait there.

use crate::current::with_worker;
use crate::stack_use::Ledger;
use crate::stacks::{give_stack, take_stack};
use sisal_coro::{Class, Stack, call_on};
use std::io;
use std::panic::Location;

/// Calls `f` on another stack of `size` bytes (rounded up to a size class), and returns what it returns. For the one call
/// that is too deep for this fiber's own stack. `f` may borrow, wait, panic and grow again. It costs some 10 ns when this
/// worker has such a stack.
///
/// It works on a bare thread too.
///
/// # Panics
/// With the panic of `f`. If the size is out of bounds, or there is no room for another stack; [`try_grow`] gives an error
/// instead.
///
/// ```
/// use sisal_scheduler::{grow, spawn};
///
/// fn depth(n: u64) -> u64 {
///     let frame = std::hint::black_box([n; 16]);
///     if n == 0 { 0 } else { 1 + depth(frame[7] - 1) }
/// }
///
/// // More than the 64 or 256 KiB of a fiber's own stack.
/// let deep = spawn(|| grow(64 << 20, || depth(50_000)));
/// assert_eq!(deep.join().unwrap(), 50_000);
/// ```
#[track_caller]
pub fn grow<R>(size: usize, f: impl FnOnce() -> R) -> R {
    match Grown::take(size, Location::caller()) {
        Ok(stack) => stack.call(f),
        Err(error) => panic!("cannot grow the stack: {error}"),
    }
}

/// [`grow`], with an error where that panics for lack of a stack; `f` was not called then.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if `size` is out of bounds, which the text names;
/// [`OutOfMemory`](io::ErrorKind::OutOfMemory) if there is no room for another stack: the text says what was missing, how
/// many stacks there are, and which limit to raise.
///
/// # Panics
/// With the panic of `f`.
///
/// ```
/// let error = sisal_scheduler::try_grow(1_000, || unreachable!()).unwrap_err();
/// assert!(error.to_string().contains("the least is 24 KiB"));
/// ```
#[track_caller]
pub fn try_grow<R>(size: usize, f: impl FnOnce() -> R) -> io::Result<R> {
    Ok(Grown::take(size, Location::caller())?.call(f))
}

/// The ledger of the runtime on which this runs.
#[inline]
fn with_ledger(f: impl FnOnce(&Ledger)) {
    with_worker(|worker| {
        if let Some(ledger) = worker.and_then(|worker| worker.crew().stack_use.as_ref()) {
            f(ledger);
        }
    });
}

/// A stack that goes back to whoever runs when the call is over, also if it unwinds.
struct Grown {
    /// `None` once it is on its way back.
    stack: Option<Stack>,
    site: &'static Location<'static>,
}

impl Grown {
    fn take(size: usize, site: &'static Location<'static>) -> io::Result<Self> {
        let mut stack = take_stack(Class::for_size(size)?)?;
        with_ledger(|ledger| ledger.begin(&mut stack));
        Ok(Self { stack: Some(stack), site })
    }

    #[inline]
    fn call<R>(mut self, f: impl FnOnce() -> R) -> R {
        call_on(self.stack.as_mut().expect("a stack that was just taken"), f)
    }
}

impl Drop for Grown {
    fn drop(&mut self) {
        if let Some(stack) = self.stack.take() {
            with_ledger(|ledger| ledger.end(self.site, stack.class(), stack.high_water()));
            give_stack(stack);
        }
    }
}
