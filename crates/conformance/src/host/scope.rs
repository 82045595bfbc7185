//! `crossbeam_utils::thread::scope` for the generated tests.

use super::mode::{Mode, mode, next_is_fiber};
use super::{home, thread};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Where children may borrow from the frame of [`scope`].
#[derive(Clone, Copy, Debug)]
pub struct Scope<'scope, 'env>(Inner<'scope, 'env>);

#[derive(Clone, Copy, Debug)]
enum Inner<'scope, 'env> {
    Threads(&'scope std::thread::Scope<'scope, 'env>),
    Fibers(&'scope sisal::fiber::Scope<'scope, 'env>),
}

/// A child of a scope.
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T>(Child<'scope, T>);

#[derive(Debug)]
enum Child<'scope, T> {
    Thread(std::thread::ScopedJoinHandle<'scope, T>),
    Fiber(sisal::fiber::ScopedJoinHandle<'scope, T>),
}

/// Runs `f`, waits for all that it spawned.
///
/// # Errors
/// With the panic of `f`, or of a child that was not joined.
pub fn scope<'env, F, T>(f: F) -> thread::Result<T>
where
    F: for<'scope> FnOnce(&Scope<'scope, 'env>) -> T,
{
    let result = catch_unwind(AssertUnwindSafe(|| match mode() {
        Mode::Os => std::thread::scope(|scope| f(&Scope(Inner::Threads(scope)))),
        Mode::Fibers | Mode::Mixed | Mode::Sim => sisal::scope(|scope| f(&Scope(Inner::Fibers(scope)))),
    }));
    home::check();
    result
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Spawns a thread or a fiber, as the mode says.
    pub fn spawn<F, T>(&self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce(&Scope<'scope, 'env>) -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let own = *self;
        ScopedJoinHandle(match self.0 {
            Inner::Threads(scope) => Child::Thread(scope.spawn(move || f(&own))),
            Inner::Fibers(scope) if next_is_fiber() => {
                Child::Fiber(scope.spawn(move || home::keep(|| f(&own))))
            }
            // A thread of the blocking pool is an OS thread that may borrow from a fiber's frame.
            Inner::Fibers(scope) => Child::Fiber(scope.spawn(move || sisal::blocking(|| f(&own)))),
        })
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits for the child's end.
    ///
    /// # Errors
    /// With its panic.
    pub fn join(self) -> thread::Result<T> {
        match self.0 {
            Child::Thread(handle) => handle.join(),
            Child::Fiber(handle) => handle.join(),
        }
    }
}
