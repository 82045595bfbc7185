//! Coroutines that borrow: they are unwound before the call that made them returns.
//!
//! Knows nothing of how a coroutine switches.

use std::process;

use super::{Coroutine, State, Yielder};
use crate::stack::Stack;

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
