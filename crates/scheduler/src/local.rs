//! One value a fiber: `fiber_local!`'s keys, and where their values are.
//!
//! Knows nothing of tasks: a fiber's [`Locals`] live in its record, a bare thread's in a thread-local.

use crate::current;
use std::any::Any;
use std::cell::{Cell, RefCell, UnsafeCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

struct Entry {
    key: *const (),
    /// `None` once the value's destructor has been called.
    value: Option<Box<dyn Any>>,
}

/// The values of one fiber (or bare thread), in the order in which they were made.
pub(crate) struct Locals {
    entries: UnsafeCell<Vec<Entry>>,
}

impl Locals {
    pub(crate) const fn new() -> Self {
        Self { entries: UnsafeCell::new(Vec::new()) }
    }

    /// Calls `f` with the entries; `f` runs no user code, so nobody reaches them meanwhile.
    fn with<R>(&self, f: impl FnOnce(&mut Vec<Entry>) -> R) -> R {
        // SAFETY: `Locals` is not `Sync`, and `f` does not come back here.
        f(unsafe { &mut *self.entries.get() })
    }

    /// The value of `key`: a pointer that stays valid until `destroy`; `None` if there is none yet.
    fn get<T: 'static>(&self, key: *const ()) -> Result<Option<*const T>, AccessError> {
        self.with(|entries| match entries.iter().find(|entry| entry.key == key) {
            None => Ok(None),
            Some(Entry { value: None, .. }) => Err(AccessError),
            Some(Entry { value: Some(value), .. }) => {
                Ok(Some(value.downcast_ref::<T>().expect("a key has one type") as *const T))
            }
        })
    }

    fn insert<T: 'static>(&self, key: *const (), value: T) -> *const T {
        let value = Box::new(value);
        let place: *const T = &raw const *value;
        self.with(|entries| entries.push(Entry { key, value: Some(value) }));
        place
    }

    /// Whether there were never any.
    #[inline(always)]
    pub(crate) fn are_unused(&self) -> bool {
        self.with(|entries| entries.capacity() == 0)
    }

    /// Drops the values, the youngest first, also those that destructors make meanwhile. A destructor that panics has been
    /// reported by the panic hook, and the others go on.
    #[inline]
    pub(crate) fn destroy(&self) {
        // The common fiber has never had one.
        if !self.are_unused() {
            self.destroy_slow();
        }
    }

    #[cold]
    fn destroy_slow(&self) {
        while let Some(value) =
            self.with(|entries| entries.iter_mut().rev().find_map(|entry| entry.value.take()))
        {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
                // The hook has reported it. Its own drop may panic again.
                std::mem::forget(payload);
            }
        }
        self.with(|entries| *entries = Vec::new());
    }
}

impl Drop for Locals {
    fn drop(&mut self) {
        self.destroy();
    }
}

thread_local! {
    static OF_THREAD: Locals = const { Locals::new() };
}

/// Calls `f` with the values of whoever runs.
fn with_own<R>(f: impl FnOnce(&Locals) -> R) -> Result<R, AccessError> {
    // The record is the fiber's own, so it outlives whatever that fiber does in `f`.
    let own = current::with_worker(|worker| worker.and_then(|worker| worker.current_record()));
    match own {
        // SAFETY: as said; `f` runs on that very fiber.
        Some(record) => Ok(f(unsafe { &(*record).locals })),
        None => OF_THREAD.try_with(f).map_err(|_| AccessError),
    }
}

/// A value of which each fiber has its own, made by [`fiber_local!`](crate::fiber_local).
///
/// The methods are those of [`std::thread::LocalKey`]. On a bare thread the value is that thread's.
pub struct LocalKey<T: 'static> {
    init: fn() -> T,
}

/// The value has been dropped, because its fiber is ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError;

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fiber-local value has been dropped already")
    }
}

impl std::error::Error for AccessError {}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn new(init: fn() -> T) -> Self {
        Self { init }
    }

    /// Calls `f` with the running fiber's value, which is made first if there is none.
    ///
    /// # Errors
    /// If the value has been dropped already: the fiber is ending, and this is another value's destructor.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        let key: *const () = (&raw const *self).cast();
        let place = with_own(|locals| match locals.get::<T>(key)? {
            Some(place) => Ok(place),
            None => {
                let value = (self.init)();
                // `init` may have come here for the same key; then the value that is there already wins.
                Ok(locals.get::<T>(key)?.unwrap_or_else(|| locals.insert(key, value)))
            }
        })??;
        // SAFETY: the value lives until its fiber ends, and this is that fiber.
        Ok(f(unsafe { &*place }))
    }

    /// Calls `f` with the running fiber's value, which is made first if there is none.
    ///
    /// # Panics
    /// If the value has been dropped already, see [`try_with`](Self::try_with).
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.try_with(f).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Sets the value.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// A copy of the value.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes the value and leaves the default.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Sets the value and gives the one before.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Calls `f` with the value borrowed.
    ///
    /// # Panics
    /// As [`with`](Self::with), and if it is borrowed for writing.
    pub fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| f(&cell.borrow()))
    }

    /// Calls `f` with the value borrowed for writing.
    ///
    /// # Panics
    /// As [`with`](Self::with), and if it is borrowed.
    pub fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| f(&mut cell.borrow_mut()))
    }

    /// Sets the value.
    ///
    /// # Panics
    /// As [`with_borrow_mut`](Self::with_borrow_mut).
    pub fn set(&'static self, value: T) {
        drop(self.replace(value));
    }

    /// Takes the value and leaves the default.
    ///
    /// # Panics
    /// As [`with_borrow_mut`](Self::with_borrow_mut).
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Sets the value and gives the one before.
    ///
    /// # Panics
    /// As [`with_borrow_mut`](Self::with_borrow_mut).
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// Declares values of which each fiber has its own, with [`std::thread_local!`]'s syntax.
///
/// They are dropped when the fiber ends, the youngest first.
///
/// ```
/// use std::cell::Cell;
/// sisal_scheduler::fiber_local! {
///     static DEPTH: Cell<u32> = const { Cell::new(0) };
///     pub static NAME: String = String::from("nobody");
/// }
/// DEPTH.set(3);
/// assert_eq!(DEPTH.get(), 3);
/// NAME.with(|name| assert_eq!(name, "nobody"));
/// ```
#[macro_export]
macro_rules! fiber_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::fiber_local! { $(#[$attribute])* $visibility static $name: $type = (const $init) $(; $($rest)*)? }
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr $(; $($rest:tt)*)?) => {
        $(#[$attribute])*
        $visibility static $name: $crate::LocalKey<$type> = {
            fn init() -> $type { $init }
            $crate::LocalKey::new(init)
        };
        $($crate::fiber_local! { $($rest)* })?
    };
}
