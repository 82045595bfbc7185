//! What holds a [`Mutex`](crate::Mutex) until it is dropped.
//!
//! Knows nothing of how the lock is taken. A guard belongs to the fiber or thread that locked: it is not `Send`, and may be held
//! across a suspension.

use crate::mutex::{Mutex, RawMutex};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

/// Holds a [`Mutex`] until dropped.
///
/// ```
/// let mutex = sisal_sync::Mutex::new(vec![1]);
/// let mut guard = mutex.lock();
/// guard.push(2);
/// assert_eq!(*guard, [1, 2]);
/// ```
#[must_use = "dropping the guard unlocks the mutex"]
pub struct MutexGuard<'a, T: ?Sized> {
    mutex: &'a Mutex<T>,
    // A raw pointer takes away `Send` and `Sync`; the latter comes back below, where `T` allows it.
    not_send: PhantomData<*mut T>,
}

// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// The guard of a mutex that the caller has just locked.
    #[inline]
    pub(crate) fn of(mutex: &'a Mutex<T>) -> Self {
        Self { mutex, not_send: PhantomData }
    }

    /// The mutex without its value.
    #[inline]
    pub(crate) fn raw(&self) -> &'a RawMutex {
        &self.mutex.raw
    }

    /// The mutex that is held.
    ///
    /// ```
    /// # use sisal_sync::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(());
    /// let guard = mutex.lock();
    /// assert!(MutexGuard::mutex(&guard).is_locked());
    /// ```
    pub fn mutex(guard: &Self) -> &'a Mutex<T> {
        guard.mutex
    }

    /// Unlocks, and hands the lock over to the one who waits longest, if somebody waits.
    ///
    /// ```
    /// # use sisal_sync::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(());
    /// MutexGuard::unlock_fair(mutex.lock());
    /// assert!(!mutex.is_locked());
    /// ```
    pub fn unlock_fair(guard: Self) {
        ManuallyDrop::new(guard).raw().unlock_fair();
    }

    /// Lets the one who waits longest go first, if somebody waits; else it costs next to nothing.
    ///
    /// ```
    /// # use sisal_sync::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(1);
    /// let mut guard = mutex.lock();
    /// MutexGuard::bump(&mut guard);
    /// assert_eq!(*guard, 1);
    /// ```
    pub fn bump(guard: &mut Self) {
        guard.raw().bump();
    }

    /// Unlocks while `f` runs.
    ///
    /// ```
    /// # use sisal_sync::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(1);
    /// let mut guard = mutex.lock();
    /// MutexGuard::unlocked(&mut guard, || *mutex.lock() += 1);
    /// assert_eq!(*guard, 2);
    /// ```
    pub fn unlocked<R>(guard: &mut Self, f: impl FnOnce() -> R) -> R {
        guard.raw().unlock();
        let _relock = Relock(guard.raw());
        f()
    }

    /// [`unlocked`](Self::unlocked), with [`unlock_fair`](Self::unlock_fair).
    ///
    /// ```
    /// # use sisal_sync::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(1);
    /// let mut guard = mutex.lock();
    /// assert_eq!(MutexGuard::unlocked_fair(&mut guard, || 7), 7);
    /// ```
    pub fn unlocked_fair<R>(guard: &mut Self, f: impl FnOnce() -> R) -> R {
        guard.raw().unlock_fair();
        let _relock = Relock(guard.raw());
        f()
    }

    /// Never unlocks.
    ///
    /// ```
    /// # use sisal_sync::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(1);
    /// *MutexGuard::leak(mutex.lock()) = 2;
    /// assert!(mutex.is_locked());
    /// ```
    pub fn leak(guard: Self) -> &'a mut T {
        // SAFETY: this guard was the lock's only one, and the lock stays taken.
        unsafe { &mut *ManuallyDrop::new(guard).mutex.value.get() }
    }

    /// Holds the lock for a part of the value.
    ///
    /// ```
    /// # use sisal_sync::{Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, "a"));
    /// let mut first = MutexGuard::map(mutex.lock(), |pair| &mut pair.0);
    /// *first += 1;
    /// drop(first);
    /// assert_eq!(mutex.into_inner(), (2, "a"));
    /// ```
    pub fn map<U: ?Sized>(guard: Self, f: impl FnOnce(&mut T) -> &mut U) -> MappedMutexGuard<'a, U> {
        MappedMutexGuard::map(guard.whole(), f)
    }

    /// Holds the lock for a part of the value, if there is one.
    ///
    /// # Errors
    /// The guard, if `f` gives `None`.
    ///
    /// ```
    /// # use sisal_sync::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(vec![1]);
    /// assert!(MutexGuard::try_map(mutex.lock(), |list| list.get_mut(7)).is_err());
    /// assert_eq!(*MutexGuard::try_map(mutex.lock(), |list| list.get_mut(0)).unwrap(), 1);
    /// ```
    pub fn try_map<U: ?Sized>(
        guard: Self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        Self::try_map_or_err(guard, |value| f(value).ok_or(())).map_err(|(guard, ())| guard)
    }

    /// Holds the lock for a part of the value, or gives the reason why not.
    ///
    /// # Errors
    /// The guard, and the error of `f`.
    ///
    /// ```
    /// # use sisal_sync::{Mutex, MutexGuard};
    /// let mutex = Mutex::new(vec![1]);
    /// let result = MutexGuard::try_map_or_err(mutex.lock(), |list| list.get_mut(7).ok_or("too short"));
    /// assert_eq!(result.err().unwrap().1, "too short");
    /// ```
    pub fn try_map_or_err<U: ?Sized, E>(
        guard: Self,
        f: impl FnOnce(&mut T) -> Result<&mut U, E>,
    ) -> Result<MappedMutexGuard<'a, U>, (Self, E)> {
        let mutex = guard.mutex;
        MappedMutexGuard::try_map_or_err(guard.whole(), f).map_err(|(whole, error)| {
            std::mem::forget(whole);
            (Self::of(mutex), error)
        })
    }

    fn whole(self) -> MappedMutexGuard<'a, T> {
        let mutex = ManuallyDrop::new(self).mutex;
        MappedMutexGuard { raw: &mutex.raw, value: mutex.value.get(), owned: PhantomData }
    }
}

/// Locks again, also when what ran unlocked has unwound.
struct Relock<'a>(&'a RawMutex);

impl Drop for Relock<'_> {
    fn drop(&mut self) {
        self.0.lock();
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the lock's only one.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the lock's only one, and borrowed for writing.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.raw.unlock();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Holds a [`Mutex`] for a part of its value; see [`MutexGuard::map`].
///
/// ```
/// # use sisal_sync::{Mutex, MutexGuard};
/// let mutex = Mutex::new([1, 2]);
/// assert_eq!(*MutexGuard::map(mutex.lock(), |pair| &mut pair[1]), 2);
/// ```
#[must_use = "dropping the guard unlocks the mutex"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    raw: &'a RawMutex,
    value: *mut T,
    owned: PhantomData<&'a mut T>,
}

// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: ?Sized + Sync> Sync for MappedMutexGuard<'_, T> {}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// Holds the lock for a smaller part.
    ///
    /// ```
    /// # use sisal_sync::{MappedMutexGuard, Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, [2, 3]));
    /// let list = MutexGuard::map(mutex.lock(), |pair| &mut pair.1);
    /// assert_eq!(*MappedMutexGuard::map(list, |list| &mut list[0]), 2);
    /// ```
    pub fn map<U: ?Sized>(guard: Self, f: impl FnOnce(&mut T) -> &mut U) -> MappedMutexGuard<'a, U> {
        match Self::try_map_or_err(guard, |value| Ok::<_, std::convert::Infallible>(f(value))) {
            Ok(part) => part,
            Err((_, never)) => match never {},
        }
    }

    /// Holds the lock for a smaller part, if there is one.
    ///
    /// # Errors
    /// The guard, if `f` gives `None`.
    ///
    /// ```
    /// # use sisal_sync::{MappedMutexGuard, Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, [2, 3]));
    /// let list = MutexGuard::map(mutex.lock(), |pair| &mut pair.1);
    /// assert!(MappedMutexGuard::try_map(list, |list| list.get_mut(7)).is_err());
    /// ```
    pub fn try_map<U: ?Sized>(
        guard: Self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        Self::try_map_or_err(guard, |value| f(value).ok_or(())).map_err(|(guard, ())| guard)
    }

    /// Holds the lock for a smaller part, or gives the reason why not.
    ///
    /// # Errors
    /// The guard, and the error of `f`.
    ///
    /// ```
    /// # use sisal_sync::{MappedMutexGuard, Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, [2, 3]));
    /// let list = MutexGuard::map(mutex.lock(), |pair| &mut pair.1);
    /// let result = MappedMutexGuard::try_map_or_err(list, |list| list.get_mut(7).ok_or("too short"));
    /// assert_eq!(result.err().unwrap().1, "too short");
    /// ```
    pub fn try_map_or_err<U: ?Sized, E>(
        guard: Self,
        f: impl FnOnce(&mut T) -> Result<&mut U, E>,
    ) -> Result<MappedMutexGuard<'a, U>, (Self, E)> {
        // SAFETY: the guard is the lock's only one. If `f` unwinds, the guard is dropped after the borrow has ended.
        match f(unsafe { &mut *guard.value }) {
            Ok(part) => {
                let value: *mut U = part;
                let raw = ManuallyDrop::new(guard).raw;
                Ok(MappedMutexGuard { raw, value, owned: PhantomData })
            }
            Err(error) => Err((guard, error)),
        }
    }

    /// Unlocks, and hands the lock over to the one who waits longest, if somebody waits.
    ///
    /// ```
    /// # use sisal_sync::{MappedMutexGuard, Mutex, MutexGuard};
    /// let mutex = Mutex::new((1, 2));
    /// MappedMutexGuard::unlock_fair(MutexGuard::map(mutex.lock(), |pair| &mut pair.0));
    /// assert!(!mutex.is_locked());
    /// ```
    pub fn unlock_fair(guard: Self) {
        ManuallyDrop::new(guard).raw.unlock_fair();
    }
}

impl<T: ?Sized> Deref for MappedMutexGuard<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the lock's only one, and the value outlives the lock's borrow.
        unsafe { &*self.value }
    }
}

impl<T: ?Sized> DerefMut for MappedMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the lock's only one, and borrowed for writing.
        unsafe { &mut *self.value }
    }
}

impl<T: ?Sized> Drop for MappedMutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.raw.unlock();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
