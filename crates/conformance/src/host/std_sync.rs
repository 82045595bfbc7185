//! `std::sync`'s locks for the generated tests, since std's block a whole worker: sisal's in std's shape.

use std::ops::{Deref, DerefMut};
use std::sync::LockResult;

pub use std::sync::Arc;

/// As [`std::sync::Mutex`], never poisoned.
#[derive(Default, Debug)]
pub struct Mutex<T: ?Sized>(sisal::sync::Mutex<T>);

/// As [`std::sync::MutexGuard`].
#[derive(Debug)]
pub struct MutexGuard<'a, T: ?Sized>(sisal::sync::MutexGuard<'a, T>);

impl<T> Mutex<T> {
    /// As [`std::sync::Mutex::new`].
    pub const fn new(value: T) -> Self {
        Self(sisal::sync::Mutex::new(value))
    }
}

impl<T: ?Sized> Mutex<T> {
    /// As [`std::sync::Mutex::lock`].
    ///
    /// # Errors
    /// None: there is no poison.
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        Ok(MutexGuard(self.0.lock()))
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// As [`std::sync::Condvar`].
#[derive(Default, Debug)]
pub struct Condvar(sisal::sync::Condvar);

impl Condvar {
    /// As [`std::sync::Condvar::new`].
    pub const fn new() -> Self {
        Self(sisal::sync::Condvar::new())
    }

    /// As [`std::sync::Condvar::wait`].
    ///
    /// # Errors
    /// None: there is no poison.
    pub fn wait<'a, T: ?Sized>(&self, mut guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait(&mut guard.0);
        Ok(guard)
    }

    /// As [`std::sync::Condvar::notify_one`].
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// As [`std::sync::Condvar::notify_all`].
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}
