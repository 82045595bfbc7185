//! What holds an [`RwLock`](crate::RwLock) for reading, and may become its writer without letting another writer come between.
//!
//! Knows nothing of how the lock is taken.

use crate::line::deadline_after;
use crate::rwlock::{Access, RwLock};
use crate::rwlock_guard::{RwLockReadGuard, RwLockWriteGuard, guard};
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::time::{Duration, Instant};

/// Holds an [`RwLock`] for reading until dropped, and may become its writer.
///
/// ```
/// # use sisal_sync::{RwLock, RwLockUpgradableReadGuard};
/// let lock = RwLock::new(vec![1]);
/// let reader = lock.upgradable_read();
/// if !reader.contains(&2) {
///     // No writer has changed the list since the look.
///     RwLockUpgradableReadGuard::upgrade(reader).push(2);
/// }
/// assert_eq!(*lock.read(), [1, 2]);
/// ```
#[must_use = "dropping the guard unlocks the lock"]
pub struct RwLockUpgradableReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    // A raw pointer takes away `Send` and `Sync`; the latter comes back where `T` allows it.
    not_send: PhantomData<*mut T>,
}

guard!(RwLockUpgradableReadGuard, upgradable_read, Access::ReadUpgradable);

/// Goes back from writer to upgradable reader, also by unwinding.
struct StepDown<'a, T: ?Sized>(&'a RwLock<T>);

impl<T: ?Sized> Drop for StepDown<'_, T> {
    fn drop(&mut self) {
        self.0.raw.downgrade(Access::Write, Access::ReadUpgradable);
    }
}

impl<'a, T: ?Sized> RwLockUpgradableReadGuard<'a, T> {
    /// Waits until no other reader is left, and goes on as the writer. New readers wait meanwhile.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockUpgradableReadGuard};
    /// let lock = RwLock::new(1);
    /// *RwLockUpgradableReadGuard::upgrade(lock.upgradable_read()) = 2;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    pub fn upgrade(guard: Self) -> RwLockWriteGuard<'a, T> {
        // Without a deadline it never gives up. If it unwinds, `guard` is still an upgradable reader's.
        guard.lock.raw.upgrade(None);
        RwLockWriteGuard::of(ManuallyDrop::new(guard).lock)
    }

    /// Goes on as the writer, if there is no other reader.
    ///
    /// # Errors
    /// The guard, if there is another reader.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockUpgradableReadGuard};
    /// let lock = RwLock::new(1);
    /// let _reader = lock.read();
    /// assert!(RwLockUpgradableReadGuard::try_upgrade(lock.upgradable_read()).is_err());
    /// ```
    pub fn try_upgrade(guard: Self) -> Result<RwLockWriteGuard<'a, T>, Self> {
        let upgraded = guard.lock.raw.try_upgrade();
        Self::end(guard, upgraded)
    }

    /// [`upgrade`](Self::upgrade) that gives up after `timeout`.
    ///
    /// # Errors
    /// The guard, if another reader was left at that time.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockUpgradableReadGuard};
    /// # use std::time::Duration;
    /// let lock = RwLock::new(1);
    /// let _reader = lock.read();
    /// let guard = lock.upgradable_read();
    /// assert!(RwLockUpgradableReadGuard::try_upgrade_for(guard, Duration::from_millis(1)).is_err());
    /// ```
    pub fn try_upgrade_for(guard: Self, timeout: Duration) -> Result<RwLockWriteGuard<'a, T>, Self> {
        let upgraded = guard.lock.raw.upgrade(deadline_after(timeout));
        Self::end(guard, upgraded)
    }

    /// [`upgrade`](Self::upgrade) that gives up at `deadline`.
    ///
    /// # Errors
    /// The guard, if another reader was left at that time.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockUpgradableReadGuard};
    /// # use std::time::Instant;
    /// let lock = RwLock::new(1);
    /// let _reader = lock.read();
    /// let guard = lock.upgradable_read();
    /// assert!(RwLockUpgradableReadGuard::try_upgrade_until(guard, Instant::now()).is_err());
    /// ```
    pub fn try_upgrade_until(guard: Self, deadline: Instant) -> Result<RwLockWriteGuard<'a, T>, Self> {
        let upgraded = guard.lock.raw.upgrade(Some(deadline));
        Self::end(guard, upgraded)
    }

    fn end(guard: Self, upgraded: bool) -> Result<RwLockWriteGuard<'a, T>, Self> {
        if upgraded { Ok(RwLockWriteGuard::of(ManuallyDrop::new(guard).lock)) } else { Err(guard) }
    }

    /// Goes on as a plain reader, so that another upgradable one may come.
    ///
    /// ```
    /// # use sisal_sync::{RwLock, RwLockUpgradableReadGuard};
    /// let lock = RwLock::new(1);
    /// let reader = RwLockUpgradableReadGuard::downgrade(lock.upgradable_read());
    /// assert_eq!(*reader + *lock.upgradable_read(), 2);
    /// ```
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let lock = ManuallyDrop::new(guard).lock;
        lock.raw.downgrade(Access::ReadUpgradable, Access::Read);
        RwLockReadGuard::of(lock)
    }

    /// Writes for the time of `f`, and is an upgradable reader again after it.
    ///
    /// ```
    /// let lock = sisal_sync::RwLock::new(1);
    /// let mut guard = lock.upgradable_read();
    /// guard.with_upgraded(|value| *value += 1);
    /// assert_eq!(*guard, 2);
    /// ```
    pub fn with_upgraded<R>(&mut self, f: impl FnOnce(&mut T) -> R) -> R {
        self.lock.raw.upgrade(None);
        self.write(f)
    }

    /// [`with_upgraded`](Self::with_upgraded), if there is no other reader.
    ///
    /// ```
    /// let lock = sisal_sync::RwLock::new(1);
    /// let _reader = lock.read();
    /// assert!(lock.upgradable_read().try_with_upgraded(|value| *value += 1).is_none());
    /// ```
    pub fn try_with_upgraded<R>(&mut self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.lock.raw.try_upgrade().then(|| self.write(f))
    }

    /// [`with_upgraded`](Self::with_upgraded) that gives up after `timeout`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let lock = sisal_sync::RwLock::new(1);
    /// let result = lock.upgradable_read().try_with_upgraded_for(Duration::from_millis(1), |value| *value + 1);
    /// assert_eq!(result, Some(2));
    /// ```
    pub fn try_with_upgraded_for<R>(&mut self, timeout: Duration, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.lock.raw.upgrade(deadline_after(timeout)).then(|| self.write(f))
    }

    /// [`with_upgraded`](Self::with_upgraded) that gives up at `deadline`.
    ///
    /// ```
    /// # use std::time::Instant;
    /// let lock = sisal_sync::RwLock::new(1);
    /// let result = lock.upgradable_read().try_with_upgraded_until(Instant::now(), |value| *value + 1);
    /// assert_eq!(result, Some(2));
    /// ```
    pub fn try_with_upgraded_until<R>(
        &mut self,
        deadline: Instant,
        f: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        self.lock.raw.upgrade(Some(deadline)).then(|| self.write(f))
    }

    /// Runs `f` as the writer that it is already.
    fn write<R>(&mut self, f: impl FnOnce(&mut T) -> R) -> R {
        let step_down = StepDown(self.lock);
        // SAFETY: a writer is alone, and the value is reached through this guard, which is borrowed for writing.
        f(unsafe { &mut *step_down.0.value.get() })
    }
}
