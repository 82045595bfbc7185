//! A value that is made at its first use.
//!
//! Knows nothing of waiting: [`Once`] says when the value is there.
//!
//! | `once` | the slot holds | belongs to |
//! |---|---|---|
//! | new | what makes the value | who makes `once` busy |
//! | busy | nothing | that one |
//! | done | the value | everybody, for reading |
//! | poisoned | nothing | nobody |

use crate::Once;
use sisal_base::const_new;
use std::cell::UnsafeCell;
use std::fmt;
use std::ops::Deref;

enum Slot<T, F> {
    Maker(F),
    Empty,
    Value(T),
}

/// A value that is made at its first use; others wait meanwhile.
///
/// If what makes it panics, the value never comes: each later use panics as well.
///
/// ```
/// use sisal_sync::LazyLock;
/// static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| "run park wake".split(' ').collect());
/// assert_eq!(WORDS.len(), 3);
/// ```
pub struct LazyLock<T, F = fn() -> T> {
    once: Once,
    slot: UnsafeCell<Slot<T, F>>,
}

// SAFETY: one thread calls the maker, others read the value, and any may drop either.
unsafe impl<T: Send + Sync, F: Send> Sync for LazyLock<T, F> {}
impl<T: std::panic::RefUnwindSafe + std::panic::UnwindSafe, F: std::panic::UnwindSafe>
    std::panic::RefUnwindSafe for LazyLock<T, F>
{
}
impl<T: std::panic::UnwindSafe, F: std::panic::UnwindSafe> std::panic::UnwindSafe for LazyLock<T, F> {}

impl<T, F: FnOnce() -> T> LazyLock<T, F> {
    const_new! {
        /// A value that `maker` makes at its first use.
        ///
        /// ```
        /// let lazy = sisal_sync::LazyLock::new(|| 6 * 7);
        /// assert_eq!(*lazy, 42);
        /// ```
        pub const fn new(maker: F) -> LazyLock<T, F> {
            LazyLock { once: Once::new(), slot: UnsafeCell::new(Slot::Maker(maker)) }
        }
    }

    /// The value, made now if nobody has used it before.
    ///
    /// # Panics
    /// With the panic of what makes it, and in every later use.
    ///
    /// ```
    /// # use sisal_sync::LazyLock;
    /// assert_eq!(*LazyLock::force(&LazyLock::new(|| 1)), 1);
    /// ```
    #[inline]
    pub fn force(this: &Self) -> &T {
        this.once.call_once(|| {
            // SAFETY: busy by us: the slot is ours.
            let slot = unsafe { &mut *this.slot.get() };
            if let Slot::Maker(maker) = std::mem::replace(slot, Slot::Empty) {
                *slot = Slot::Value(maker());
            }
        });
        // SAFETY: done: nobody writes the slot any more.
        match unsafe { &*this.slot.get() } {
            Slot::Value(value) => value,
            _ => unreachable!("done by who puts the value there"),
        }
    }
}

impl<T, F: FnOnce() -> T> Deref for LazyLock<T, F> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        Self::force(self)
    }
}

impl<T: Default> Default for LazyLock<T> {
    fn default() -> Self {
        Self::new(T::default)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for LazyLock<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_tuple("LazyLock");
        // SAFETY: done: nobody writes the slot any more.
        match self.once.state().done().then(|| unsafe { &*self.slot.get() }) {
            Some(Slot::Value(value)) => out.field(value),
            _ => out.field(&format_args!("<uninit>")),
        };
        out.finish()
    }
}
