//! Mutants: planted mistakes, by name. A model that passes with one of them switched on proves nothing.
//!
//! Knows nothing of which mutants exist; `loom-tests` holds the table.
//!
//! In a normal build [`fault!`](crate::fault) is the literal `false`, so the branch behind it is folded away. Under
//! `cfg(sisal_loom)` or `cfg(sisal_fault)` it compares with the environment variable `SISAL_FAULT`, once a process.

/// `true` if the mutant of this name is switched on, which can only be in a build with `cfg(sisal_loom)` or
/// `cfg(sisal_fault)`.
///
/// ```
/// assert!(!sisal_base::fault!("deque.push.publish_first"));
/// ```
#[macro_export]
macro_rules! fault {
    ($name:literal) => {
        $crate::injected($name)
    };
}

/// A memory ordering with a mutant that weakens it: `ordering!(Release, "deque.push.tail" => Relaxed)`.
///
/// ```
/// use std::sync::atomic::Ordering;
/// assert_eq!(sisal_base::ordering!(Release, "deque.push.tail" => Relaxed), Ordering::Release);
/// ```
#[macro_export]
macro_rules! ordering {
    ($right:ident, $name:literal => $weaker:ident) => {
        if $crate::fault!($name) {
            ::core::sync::atomic::Ordering::$weaker
        } else {
            ::core::sync::atomic::Ordering::$right
        }
    };
}

#[cfg(not(any(sisal_loom, sisal_fault)))]
#[doc(hidden)]
#[inline(always)]
pub const fn injected(_name: &str) -> bool {
    false
}

#[cfg(not(any(sisal_loom, sisal_fault)))]
#[doc(hidden)]
pub const fn reached() -> bool {
    false
}

#[cfg(any(sisal_loom, sisal_fault))]
mod chosen {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    static REACHED: AtomicBool = AtomicBool::new(false);

    #[doc(hidden)]
    pub fn injected(name: &str) -> bool {
        static CHOSEN: OnceLock<Option<String>> = OnceLock::new();
        let on = CHOSEN.get_or_init(|| std::env::var("SISAL_FAULT").ok()).as_deref() == Some(name);
        if on {
            REACHED.store(true, Ordering::Relaxed);
        }
        on
    }

    /// Whether the chosen mutant's place was executed at all: one that no model reaches proves nothing.
    #[doc(hidden)]
    pub fn reached() -> bool {
        REACHED.load(Ordering::Relaxed)
    }
}
#[cfg(any(sisal_loom, sisal_fault))]
pub use chosen::{injected, reached};
