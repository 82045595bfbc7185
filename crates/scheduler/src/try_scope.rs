//! Scopes whose fibers can fail: the first error ends the others.
//!
//! Knows nothing of how fibers are asked to end; a [`Scope`] does.

use crate::scope::{Scope, ScopedJoinHandle};
use sisal_base::sync::Mutex;
use std::fmt;

/// A scope whose fibers give a `Result`; made by [`try_scope`].
pub struct TryScope<'scope, 'env, E> {
    scope: Scope<'scope, 'env>,
    first: Mutex<Option<E>>,
}

/// A [`scope`](crate::scope()) in which the first error, of the body or of a fiber, cancels all the rest, by value. Returns once all have
/// ended, with that first error if there is one.
///
/// What the others give when they are cancelled (a socket's "cancelled", a channel's `RecvError`) comes later, so it is dropped.
///
/// # Errors
/// The first error.
///
/// # Panics
/// As [`scope`](crate::scope()). A panic, too, cancels the rest.
///
/// ```
/// use std::time::Duration;
/// let result: Result<(), &str> = sisal_scheduler::try_scope(|s| {
///     s.spawn(|| Err::<(), _>("no such host"));
///     s.spawn(|| Ok(sisal_scheduler::sleep(Duration::from_secs(60)))); // ends early
///     Ok(())
/// });
/// assert_eq!(result, Err("no such host"));
/// ```
pub fn try_scope<'env, F, T, E>(f: F) -> Result<T, E>
where
    F: for<'scope> FnOnce(&'scope TryScope<'scope, 'env, E>) -> Result<T, E>,
    E: Send,
{
    let scope = TryScope { scope: Scope::new(), first: Mutex::new(None) };
    let value = scope.scope.run(|| scope.keep(|| f(&scope)));
    let first = scope.first.lock().take();
    match first {
        Some(error) => Err(error),
        None => Ok(value.expect("without an error there is a value")),
    }
}

/// Cancels the scope when what runs beside it unwinds.
struct CancelOnPanic<'a, 'scope, 'env>(&'a Scope<'scope, 'env>);

impl Drop for CancelOnPanic<'_, '_, '_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl<'scope, E: Send> TryScope<'scope, '_, E> {
    /// Spawns a fiber that may borrow what outlives the scope. Its error goes to the scope, so `join` gives `None` for it.
    ///
    /// # Panics
    /// As [`spawn`](crate::spawn()).
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, Option<T>>
    where
        F: FnOnce() -> Result<T, E> + Send + 'scope,
        T: Send + 'scope,
        E: 'scope,
    {
        self.scope.spawn(move || self.keep(f))
    }

    /// Asks everything in the scope to end, see [`Scope::cancel`]. That alone is no error.
    pub fn cancel(&self) {
        self.scope.cancel();
    }

    /// Runs `f`, and keeps its error if it is the first.
    fn keep<T>(&self, f: impl FnOnce() -> Result<T, E>) -> Option<T> {
        let cancel = CancelOnPanic(&self.scope);
        let result = f();
        std::mem::forget(cancel);
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let later = {
            let mut first = self.first.lock();
            if first.is_none() { first.replace(error) } else { Some(error) }
        };
        // Once it is kept: who is cancelled comes after it.
        self.scope.cancel();
        drop(later);
        None
    }
}

impl<E> fmt::Debug for TryScope<'_, '_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryScope").field("scope", &self.scope).finish_non_exhaustive()
    }
}
