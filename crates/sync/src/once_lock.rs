//! A value that is written once, and then only read.
//!
//! Knows nothing of waiting: [`Once`] says when the value is there.
//!
//! Invariant: the value is initialised exactly while `once` is done; it is written by the one who makes it so.

use crate::Once;
use sisal_base::const_new;
use std::cell::UnsafeCell;
use std::convert::Infallible;
use std::fmt;
use std::mem::MaybeUninit;

/// A place for a value that is set once.
///
/// If what makes the value panics, the place stays empty, and the next one may try.
///
/// ```
/// use sisal_sync::OnceLock;
/// static NAME: OnceLock<String> = OnceLock::new();
/// assert_eq!(NAME.get(), None);
/// assert_eq!(NAME.get_or_init(|| "sisal".to_owned()), "sisal");
/// assert!(NAME.set("jute".to_owned()).is_err());
/// ```
pub struct OnceLock<T> {
    once: Once,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: one thread moves the value in, others read it, and any may drop it.
unsafe impl<T: Send + Sync> Sync for OnceLock<T> {}
// SAFETY: as for any owned value.
unsafe impl<T: Send> Send for OnceLock<T> {}
impl<T: std::panic::RefUnwindSafe + std::panic::UnwindSafe> std::panic::RefUnwindSafe for OnceLock<T> {}
impl<T: std::panic::UnwindSafe> std::panic::UnwindSafe for OnceLock<T> {}

impl<T> OnceLock<T> {
    const_new! {
        /// An empty place.
        ///
        /// ```
        /// static PLACE: sisal_sync::OnceLock<u32> = sisal_sync::OnceLock::new();
        /// assert!(PLACE.get().is_none());
        /// ```
        pub const fn new() -> OnceLock<T> {
            OnceLock { once: Once::new(), value: UnsafeCell::new(MaybeUninit::uninit()) }
        }
    }

    /// The value, if it is there.
    ///
    /// ```
    /// let place = sisal_sync::OnceLock::from(1);
    /// assert_eq!(place.get(), Some(&1));
    /// ```
    #[inline]
    pub fn get(&self) -> Option<&T> {
        // SAFETY: done, so the value is there, and nobody writes it any more.
        self.once.is_completed().then(|| unsafe { (*self.value.get()).assume_init_ref() })
    }

    /// The value, if it is there, which nobody else can reach.
    ///
    /// ```
    /// let mut place = sisal_sync::OnceLock::from(1);
    /// *place.get_mut().unwrap() = 2;
    /// assert_eq!(place.into_inner(), Some(2));
    /// ```
    pub fn get_mut(&mut self) -> Option<&mut T> {
        // SAFETY: done, so the value is there.
        self.once.state().done().then(|| unsafe { self.value.get_mut().assume_init_mut() })
    }

    /// Sets the value, if there is none. Waits, if somebody is about to set it.
    ///
    /// # Errors
    /// `value`, if there is one already.
    ///
    /// ```
    /// let place = sisal_sync::OnceLock::new();
    /// assert_eq!(place.set(1), Ok(()));
    /// assert_eq!(place.set(2), Err(2));
    /// ```
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("the one who sets it sets it once"));
        value.map_or(Ok(()), Err)
    }

    /// The value; if there is none, `f` makes it. Others wait meanwhile.
    ///
    /// # Panics
    /// With the panic of `f`; the place stays empty then.
    ///
    /// ```
    /// let place = sisal_sync::OnceLock::new();
    /// assert_eq!(*place.get_or_init(|| 1), 1);
    /// assert_eq!(*place.get_or_init(|| 2), 1);
    /// ```
    #[inline]
    pub fn get_or_init(&self, f: impl FnOnce() -> T) -> &T {
        match self.get_or_try_init(|| Ok::<_, Infallible>(f())) {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// The value; if there is none, `f` tries to make it.
    ///
    /// # Errors
    /// That of `f`; the place stays empty then.
    ///
    /// # Panics
    /// With the panic of `f`.
    ///
    /// ```
    /// let place = sisal_sync::OnceLock::new();
    /// assert!(place.get_or_try_init(|| "x".parse::<u32>()).is_err());
    /// assert_eq!(place.get_or_try_init(|| "7".parse::<u32>()), Ok(&7));
    /// ```
    #[inline]
    pub fn get_or_try_init<E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        if self.once.state().done() { Ok(self.done()) } else { self.init(f) }
    }

    #[cold]
    fn init<E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let mut f = Some(f);
        let mut error = None;
        self.once.run(true, &mut |_| match f.take().expect("the one who makes it makes it once")() {
            Ok(value) => {
                // SAFETY: BUSY by us: nobody reads before it is done, nobody else writes.
                unsafe { (*self.value.get()).write(value) };
                true
            }
            Err(why) => {
                error = Some(why);
                false
            }
        });
        error.map_or_else(|| Ok(self.done()), Err)
    }

    fn done(&self) -> &T {
        self.get().expect("it is done")
    }

    /// Waits until somebody has set the value.
    ///
    /// ```
    /// let place = sisal_sync::OnceLock::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| place.set(1));
    ///     assert_eq!(*place.wait(), 1);
    /// });
    /// ```
    pub fn wait(&self) -> &T {
        self.once.wait_force();
        self.done()
    }

    /// The value, if there is one, out of its place.
    ///
    /// ```
    /// assert_eq!(sisal_sync::OnceLock::from(1).into_inner(), Some(1));
    /// ```
    pub fn into_inner(mut self) -> Option<T> {
        self.take()
    }

    /// The value, if there is one; the place is empty after it.
    ///
    /// ```
    /// let mut place = sisal_sync::OnceLock::from(1);
    /// assert_eq!((place.take(), place.take()), (Some(1), None));
    /// ```
    pub fn take(&mut self) -> Option<T> {
        if !self.once.state().done() {
            return None;
        }
        self.once = Once::new();
        // SAFETY: it was done, so the value was there; it is not done any more, so nobody looks for it.
        Some(unsafe { self.value.get_mut().assume_init_read() })
    }
}

impl<T> Drop for OnceLock<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        let place = Self::new();
        place.get_or_init(|| value);
        place
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    fn clone(&self) -> Self {
        self.get().cloned().map_or_else(Self::new, Self::from)
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_tuple("OnceLock");
        match self.get() {
            Some(value) => out.field(value),
            None => out.field(&format_args!("<uninit>")),
        };
        out.finish()
    }
}
