//! What holds an [`RwLock`](crate::RwLock) for reading or for writing until it is dropped.
//!
//! Knows nothing of how the lock is taken. A guard belongs to the fiber or thread that locked: it is not `Send`, and may be held
//! across a suspension.

use crate::rwlock::{Access, RawRwLock, RwLock};
use crate::rwlock_upgradable::RwLockUpgradableReadGuard;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

/// Locks again, also when what ran unlocked has unwound.
pub(crate) struct Relock<'a>(pub(crate) &'a RawRwLock, pub(crate) Access);

impl Drop for Relock<'_> {
    fn drop(&mut self) {
        self.0.lock(self.1);
    }
}

/// What the guards of a whole lock have in common, whatever they allow.
macro_rules! guard {
    ($guard:ident, $lock:ident, $access:expr) => {
        // SAFETY: a shared guard gives out `&T` alone.
        unsafe impl<T: ?Sized + Sync> Sync for $guard<'_, T> {}

        impl<'a, T: ?Sized> $guard<'a, T> {
            /// The guard of a lock to which the caller has just gained this access.
            #[inline]
            pub(crate) fn of(lock: &'a RwLock<T>) -> Self {
                Self { lock, not_send: PhantomData }
            }

            /// The lock that is held.
            ///
            /// ```
            /// let lock = sisal_sync::RwLock::new(());
            #[doc = concat!("let guard = lock.", stringify!($lock), "();")]
            #[doc = concat!("assert!(sisal_sync::", stringify!($guard), "::rwlock(&guard).is_locked());")]
            /// ```
            pub fn rwlock(guard: &Self) -> &'a RwLock<T> {
                guard.lock
            }

            /// Unlocks, and hands the lock over to the one who waits longest, if somebody waits.
            ///
            /// ```
            /// let lock = sisal_sync::RwLock::new(());
            #[doc = concat!("sisal_sync::", stringify!($guard), "::unlock_fair(lock.", stringify!($lock), "());")]
            /// assert!(!lock.is_locked());
            /// ```
            pub fn unlock_fair(guard: Self) {
                ManuallyDrop::new(guard).lock.raw.unlock_fair($access);
            }

            /// Lets the one who waits longest go first, if somebody waits.
            ///
            /// ```
            /// let lock = sisal_sync::RwLock::new(1);
            #[doc = concat!("let mut guard = lock.", stringify!($lock), "();")]
            #[doc = concat!("sisal_sync::", stringify!($guard), "::bump(&mut guard);")]
            /// assert_eq!(*guard, 1);
            /// ```
            pub fn bump(guard: &mut Self) {
                guard.lock.raw.bump($access);
            }

            /// Unlocks while `f` runs.
            ///
            /// ```
            /// let lock = sisal_sync::RwLock::new(1);
            #[doc = concat!("let mut guard = lock.", stringify!($lock), "();")]
            #[doc = concat!("sisal_sync::", stringify!($guard), "::unlocked(&mut guard, || *lock.write() += 1);")]
            /// assert_eq!(*guard, 2);
            /// ```
            pub fn unlocked<R>(guard: &mut Self, f: impl FnOnce() -> R) -> R {
                guard.lock.raw.unlock($access);
                let _relock = $crate::rwlock_guard::Relock(&guard.lock.raw, $access);
                f()
            }

            /// [`unlocked`](Self::unlocked), with [`unlock_fair`](Self::unlock_fair).
            ///
            /// ```
            /// let lock = sisal_sync::RwLock::new(1);
            #[doc = concat!("let mut guard = lock.", stringify!($lock), "();")]
            #[doc = concat!("sisal_sync::", stringify!($guard), "::unlocked_fair(&mut guard, || *lock.write() += 1);")]
            /// assert_eq!(*guard, 2);
            /// ```
            pub fn unlocked_fair<R>(guard: &mut Self, f: impl FnOnce() -> R) -> R {
                guard.lock.raw.unlock_fair($access);
                let _relock = $crate::rwlock_guard::Relock(&guard.lock.raw, $access);
                f()
            }
        }

        impl<T: ?Sized> Deref for $guard<'_, T> {
            type Target = T;
            #[inline(always)]
            fn deref(&self) -> &T {
                // SAFETY: while this guard lives, nobody else may write.
                unsafe { &*self.lock.value.get() }
            }
        }

        impl<T: ?Sized> Drop for $guard<'_, T> {
            #[inline]
            fn drop(&mut self) {
                self.lock.raw.unlock($access);
            }
        }

        $crate::rwlock_guard::shows!($guard);
    };
}
pub(crate) use guard;

/// A guard looks like its value.
macro_rules! shows {
    ($guard:ident) => {
        impl<T: ?Sized + fmt::Debug> fmt::Debug for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<T: ?Sized + fmt::Display> fmt::Display for $guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    };
}
pub(crate) use shows;

/// Holds an [`RwLock`] for reading until dropped.
///
/// ```
/// let lock = sisal_sync::RwLock::new(vec![1]);
/// assert_eq!(lock.read().len(), 1);
/// ```
#[must_use = "dropping the guard unlocks the lock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    // A raw pointer takes away `Send` and `Sync`; the latter comes back where `T` allows it.
    not_send: PhantomData<*mut T>,
}

guard!(RwLockReadGuard, read, Access::Read);

/// Holds an [`RwLock`] for writing until dropped.
///
/// ```
/// let lock = sisal_sync::RwLock::new(vec![1]);
/// lock.write().push(2);
/// assert_eq!(lock.into_inner(), [1, 2]);
/// ```
#[must_use = "dropping the guard unlocks the lock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    // A raw pointer takes away `Send` and `Sync`; the latter comes back where `T` allows it.
    not_send: PhantomData<*mut T>,
}

guard!(RwLockWriteGuard, write, Access::Write);

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    /// Goes on reading a part of the value.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockReadGuard};
    /// let lock = RwLock::new((1, 2));
    /// assert_eq!(*RwLockReadGuard::map(lock.read(), |pair| &pair.1), 2);
    /// ```
    pub fn map<U: ?Sized>(guard: Self, f: impl FnOnce(&T) -> &U) -> MappedRwLockReadGuard<'a, U> {
        MappedRwLockReadGuard::map(guard.whole(), f)
    }

    /// Goes on reading a part of the value, if there is one.
    ///
    /// # Errors
    /// The guard, if `f` gives `None`.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockReadGuard};
    /// let lock = RwLock::new(vec![1]);
    /// assert!(RwLockReadGuard::try_map(lock.read(), |list| list.get(7)).is_err());
    /// ```
    pub fn try_map<U: ?Sized>(
        guard: Self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<MappedRwLockReadGuard<'a, U>, Self> {
        let lock = guard.lock;
        MappedRwLockReadGuard::try_map(guard.whole(), f).map_err(|whole| {
            std::mem::forget(whole);
            Self::of(lock)
        })
    }

    fn whole(self) -> MappedRwLockReadGuard<'a, T> {
        let lock = ManuallyDrop::new(self).lock;
        MappedRwLockReadGuard { raw: &lock.raw, value: lock.value.get(), borrowed: PhantomData }
    }
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Goes on as a reader. No writer comes between.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockWriteGuard};
    /// let lock = RwLock::new(1);
    /// let reader = RwLockWriteGuard::downgrade(lock.write());
    /// assert_eq!(*reader + *lock.read(), 2);
    /// ```
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let lock = ManuallyDrop::new(guard).lock;
        lock.raw.downgrade(Access::Write, Access::Read);
        RwLockReadGuard::of(lock)
    }

    /// Goes on as an upgradable reader. No writer comes between.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockWriteGuard};
    /// let lock = RwLock::new(1);
    /// let reader = RwLockWriteGuard::downgrade_to_upgradable(lock.write());
    /// assert!(lock.try_read().is_some() && lock.try_upgradable_read().is_none());
    /// # drop(reader);
    /// ```
    pub fn downgrade_to_upgradable(guard: Self) -> RwLockUpgradableReadGuard<'a, T> {
        let lock = ManuallyDrop::new(guard).lock;
        lock.raw.downgrade(Access::Write, Access::ReadUpgradable);
        RwLockUpgradableReadGuard::of(lock)
    }

    /// Goes on writing a part of the value.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockWriteGuard};
    /// let lock = RwLock::new((1, 2));
    /// *RwLockWriteGuard::map(lock.write(), |pair| &mut pair.1) = 3;
    /// assert_eq!(lock.into_inner(), (1, 3));
    /// ```
    pub fn map<U: ?Sized>(guard: Self, f: impl FnOnce(&mut T) -> &mut U) -> MappedRwLockWriteGuard<'a, U> {
        MappedRwLockWriteGuard::map(guard.whole(), f)
    }

    /// Goes on writing a part of the value, if there is one.
    ///
    /// # Errors
    /// The guard, if `f` gives `None`.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockWriteGuard};
    /// let lock = RwLock::new(vec![1]);
    /// assert!(RwLockWriteGuard::try_map(lock.write(), |list| list.get_mut(7)).is_err());
    /// ```
    pub fn try_map<U: ?Sized>(
        guard: Self,
        f: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedRwLockWriteGuard<'a, U>, Self> {
        let lock = guard.lock;
        MappedRwLockWriteGuard::try_map(guard.whole(), f).map_err(|whole| {
            std::mem::forget(whole);
            Self::of(lock)
        })
    }

    fn whole(self) -> MappedRwLockWriteGuard<'a, T> {
        let lock = ManuallyDrop::new(self).lock;
        MappedRwLockWriteGuard { raw: &lock.raw, value: lock.value.get(), owned: PhantomData }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: a writer is alone, and its guard is borrowed for writing.
        unsafe { &mut *self.lock.value.get() }
    }
}

/// Holds an [`RwLock`] for reading a part of its value; see [`RwLockReadGuard::map`].
///
/// ```
/// # use sisal_sync::{RwLock, RwLockReadGuard};
/// let lock = RwLock::new([1, 2]);
/// assert_eq!(*RwLockReadGuard::map(lock.read(), |pair| &pair[1]), 2);
/// ```
#[must_use = "dropping the guard unlocks the lock"]
pub struct MappedRwLockReadGuard<'a, T: ?Sized> {
    raw: &'a RawRwLock,
    value: *const T,
    borrowed: PhantomData<&'a T>,
}

/// Holds an [`RwLock`] for writing a part of its value; see [`RwLockWriteGuard::map`].
///
/// ```
/// # use sisal_sync::{RwLock, RwLockWriteGuard};
/// let lock = RwLock::new([1, 2]);
/// *RwLockWriteGuard::map(lock.write(), |pair| &mut pair[1]) += 1;
/// assert_eq!(lock.into_inner(), [1, 3]);
/// ```
#[must_use = "dropping the guard unlocks the lock"]
pub struct MappedRwLockWriteGuard<'a, T: ?Sized> {
    raw: &'a RawRwLock,
    value: *mut T,
    owned: PhantomData<&'a mut T>,
}

/// What the guards of a part have in common.
macro_rules! mapped {
    ($guard:ident, $whole:ident, $lock:ident, $access:expr, $holder:ident, $pointer:ident, [$($mutable:tt)?]) => {
        // SAFETY: a shared guard gives out `&T` alone.
        unsafe impl<T: ?Sized + Sync> Sync for $guard<'_, T> {}

        impl<'a, T: ?Sized> $guard<'a, T> {
            /// Goes on with a smaller part.
            ///
            /// ```
            #[doc = concat!("# use sisal_sync::{", stringify!($guard), " as Mapped, ", stringify!($whole), " as Guard};")]
            /// let lock = sisal_sync::RwLock::new((1, [2, 3]));
            #[doc = concat!("let list = Guard::map(lock.", stringify!($lock), "(), |pair| &", $(stringify!($mutable),)? " pair.1);")]
            #[doc = concat!("assert_eq!(*Mapped::map(list, |list| &", $(stringify!($mutable),)? " list[0]), 2);")]
            /// ```
            pub fn map<U: ?Sized>(guard: Self, f: impl FnOnce(&$($mutable)? T) -> &$($mutable)? U) -> $guard<'a, U> {
                match Self::try_map(guard, |value| Some(f(value))) {
                    Ok(part) => part,
                    Err(_) => unreachable!("a part that is always there"),
                }
            }

            /// Goes on with a smaller part, if there is one.
            ///
            /// # Errors
            /// The guard, if `f` gives `None`.
            ///
            /// ```
            #[doc = concat!("# use sisal_sync::{", stringify!($guard), " as Mapped, ", stringify!($whole), " as Guard};")]
            /// let lock = sisal_sync::RwLock::new((1, 2));
            #[doc = concat!("let part = Guard::map(lock.", stringify!($lock), "(), |pair| &", $(stringify!($mutable),)? " pair.1);")]
            #[doc = concat!("assert!(Mapped::try_map(part, |_| None::<&", $(stringify!($mutable),)? " u32>).is_err());")]
            /// ```
            pub fn try_map<U: ?Sized>(
                guard: Self,
                f: impl FnOnce(&$($mutable)? T) -> Option<&$($mutable)? U>,
            ) -> Result<$guard<'a, U>, Self> {
                // SAFETY: the guard's access covers the value. If `f` unwinds, the guard is dropped after the borrow's end.
                match f(unsafe { &$($mutable)? *guard.value }) {
                    Some(part) => {
                        let value: *$pointer U = part;
                        let raw = ManuallyDrop::new(guard).raw;
                        Ok($guard { raw, value, $holder: PhantomData })
                    }
                    None => Err(guard),
                }
            }

            /// Unlocks, and hands the lock over to the one who waits longest, if somebody waits.
            ///
            /// ```
            #[doc = concat!("# use sisal_sync::{", stringify!($guard), " as Mapped, ", stringify!($whole), " as Guard};")]
            /// let lock = sisal_sync::RwLock::new((1, 2));
            #[doc = concat!("Mapped::unlock_fair(Guard::map(lock.", stringify!($lock), "(), |pair| &", $(stringify!($mutable),)? " pair.1));")]
            /// assert!(!lock.is_locked());
            /// ```
            pub fn unlock_fair(guard: Self) {
                ManuallyDrop::new(guard).raw.unlock_fair($access);
            }
        }

        impl<T: ?Sized> Deref for $guard<'_, T> {
            type Target = T;
            #[inline]
            fn deref(&self) -> &T {
                // SAFETY: while this guard lives, nobody else may write.
                unsafe { &*self.value }
            }
        }

        impl<T: ?Sized> Drop for $guard<'_, T> {
            #[inline]
            fn drop(&mut self) {
                self.raw.unlock($access);
            }
        }

        shows!($guard);
    };
}

mapped!(MappedRwLockReadGuard, RwLockReadGuard, read, Access::Read, borrowed, const, []);
mapped!(MappedRwLockWriteGuard, RwLockWriteGuard, write, Access::Write, owned, mut, [mut]);

impl<T: ?Sized> DerefMut for MappedRwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: a writer is alone, and its guard is borrowed for writing.
        unsafe { &mut *self.value }
    }
}
