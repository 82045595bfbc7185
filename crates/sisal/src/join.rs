//! Several closures at once, each on a fiber of its own: all of them ([`join`], [`join_all`]), or the first ([`race`]).
//!
//! Knows nothing but scopes: the closures may borrow, and nobody is left running when a call returns.

use crate::channel;
use crate::fiber::{Result, Scope, ScopedJoinHandle, scope};
use crate::time::shield;
use std::panic::resume_unwind;

/// A tuple of closures that [`join`] runs at once; up to eight.
pub trait Join {
    /// What the closures return.
    type Output;

    #[doc(hidden)]
    fn join(self) -> Self::Output;
}

/// Runs the closures of a tuple at once, each on its own fiber but for the last, which runs on the caller's; gives what they
/// return, as a tuple. [`join!`](crate::join!) is sugar for it.
///
/// # Panics
/// After all have ended: with the panic of the last, or else with the first panic of the others.
///
/// ```
/// use sisal::fiber;
///
/// let words = String::from("borrowed by both");
/// let (count, upper) = fiber::join((|| words.split(' ').count(), || words.to_uppercase()));
/// assert_eq!((count, upper.as_str()), (3, "BORROWED BY BOTH"));
/// ```
pub fn join<C: Join>(closures: C) -> C::Output {
    closures.join()
}

/// What a child returned, whose panic goes on here.
fn value<T>(handle: ScopedJoinHandle<'_, T>) -> T {
    unwrap(handle.join())
}

fn unwrap<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|payload| resume_unwind(payload))
}

macro_rules! join_tuples {
    ($(($($closure:ident $result:ident)*) $last:ident $last_result:ident;)+) => {$(
        impl<$($closure, $result,)* $last, $last_result> Join for ($($closure,)* $last,)
        where
            $($closure: FnOnce() -> $result + Send, $result: Send,)*
            $last: FnOnce() -> $last_result,
        {
            type Output = ($($result,)* $last_result,);

            #[expect(non_snake_case, reason = "a closure has the name of its type")]
            fn join(self) -> Self::Output {
                let ($($closure,)* $last,) = self;
                scope(|_s| {
                    $(let $closure = _s.spawn($closure);)*
                    let $last = $last();
                    ($(value($closure),)* $last,)
                })
            }
        }
    )+};
}

join_tuples! {
    () A RA;
    (A RA) B RB;
    (A RA B RB) C RC;
    (A RA B RB C RC) D RD;
    (A RA B RB C RC D RD) E RE;
    (A RA B RB C RC D RD E RE) F RF;
    (A RA B RB C RC D RD E RE F RF) G RG;
    (A RA B RB C RC D RD E RE F RF G RG) H RH;
}

/// Evaluates expressions at once, each on its own fiber, and gives their values as a tuple: [`fiber::join`](join) without
/// the `||`. They may borrow from the frame around.
///
/// # Panics
/// As [`fiber::join`](join).
///
/// ```
/// use sisal::time::sleep;
/// use std::time::Duration;
///
/// fn fetch(page: u32) -> String {
///     sleep(Duration::from_millis(10));
///     format!("page {page}")
/// }
///
/// // 10 ms for both.
/// let (first, length) = sisal::join!(fetch(1), fetch(22).len());
/// assert_eq!((first.as_str(), length), ("page 1", 7));
/// ```
#[macro_export]
macro_rules! join {
    ($($expression:expr),+ $(,)?) => {
        $crate::fiber::join(($(|| $expression,)+))
    };
}

/// Runs all closures at once, each on its own fiber; gives what they return, in their order.
///
/// # Panics
/// After all have ended: with the panic of the first in order that has panicked.
///
/// ```
/// let squares = sisal::fiber::join_all((1..=4).map(|n| move || n * n));
/// assert_eq!(squares, [1, 4, 9, 16]);
/// ```
pub fn join_all<F, T>(closures: impl IntoIterator<Item = F>) -> Vec<T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    scope(|s| {
        let handles: Vec<_> = closures.into_iter().map(|closure| s.spawn(closure)).collect();
        let results: Vec<_> = handles.into_iter().map(ScopedJoinHandle::join).collect();
        results.into_iter().map(unwrap).collect()
    })
}

/// Runs all closures at once, each on its own fiber; gives what the first to end returns, and [cancels] the others, for whose
/// end it waits. `None` if there are no closures.
///
/// A loser that never asks whether it is cancelled, and waits for nothing that a cancel ends, is waited for until it ends by
/// itself.
///
/// # Panics
/// With the panic of the first to end, or with a loser's.
///
/// ```
/// use sisal::time::sleep;
/// use std::time::Duration;
///
/// let winner = sisal::fiber::race([10_000, 1, 20_000].map(|ms| move || {
///     sleep(Duration::from_millis(ms));
///     ms
/// }));
/// assert_eq!(winner, Some(1));
/// ```
///
/// [cancels]: crate::fiber::JoinHandle::cancel
pub fn race<F, T>(closures: impl IntoIterator<Item = F>) -> Option<T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    scope(|s| {
        let (ended, first) = channel::unbounded();
        let racers: Vec<_> = closures
            .into_iter()
            .enumerate()
            .map(|(index, closure)| {
                let ended = ended.clone();
                start(s, closure, move || {
                    let _ = ended.send(index);
                })
            })
            .collect();
        drop(ended);
        // A caller that is cancelled has cancelled its children too.
        let winner = shield(|| first.recv()).ok()?;
        let mut result = None;
        for (index, racer) in racers.iter().enumerate() {
            if index != winner {
                racer.cancel();
            }
        }
        for (index, racer) in racers.into_iter().enumerate() {
            let value = value(racer);
            if index == winner {
                result = Some(value);
            }
        }
        result
    })
}

/// Spawns `closure`, after whose end, good or bad, `then` is called.
fn start<'scope, F, T>(
    scope: &'scope Scope<'scope, '_>,
    closure: F,
    then: impl FnOnce() + Send + 'scope,
) -> ScopedJoinHandle<'scope, T>
where
    F: FnOnce() -> T + Send + 'scope,
    T: Send + 'scope,
{
    scope.spawn(move || {
        let _at_end = AtEnd(Some(then));
        closure()
    })
}

/// Calls its closure when it is dropped.
pub(crate) struct AtEnd<F: FnOnce()>(pub(crate) Option<F>);

impl<F: FnOnce()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}
