//! Something that is done once: the first comer does it, the others wait for its end.
//!
//! Knows nothing of what is done. Everything about lines and calls is in `line.rs`.
//!
//! | state | means | left by |
//! |---|---|---|
//! | `NEW` | nobody has begun | who begins: `=> BUSY` |
//! | `BUSY` | one is doing it | that one: `=> DONE`; by unwinding `=> POISONED`; by giving up `=> NEW` |
//! | `POISONED` | who did it has panicked | `call_once_force`: `=> BUSY` |
//! | `DONE` | done, for ever | nobody |
//!
//! Race, *done before the wait*: A sees `BUSY`, B finishes and calls all, A waits for ever? No: A looks again under the line's
//! lock, which B takes after its change.

use crate::line::Crowd;
use sisal_base::sync::atomic::{AtomicU8, Ordering};
use sisal_base::{const_new, fault, ordering};
use sisal_park::{Cancellable, Reason, with_current};
use std::fmt;

const NEW: u8 = 0;
const BUSY: u8 = 1;
const POISONED: u8 = 2;
const DONE: u8 = 3;

/// How far a [`Once`] has come.
///
/// ```
/// use sisal_sync::{Once, OnceState};
/// let once = Once::new();
/// assert_eq!(once.state(), OnceState::New);
/// once.call_once(|| ());
/// assert_eq!(once.state(), OnceState::Done);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnceState {
    /// Nobody has begun.
    New,
    /// The one who did it has panicked.
    Poisoned,
    /// One is doing it.
    InProgress,
    /// It is done.
    Done,
}

impl OnceState {
    /// Whether the one who did it has panicked.
    ///
    /// ```
    /// sisal_sync::Once::new().call_once_force(|state| assert!(!state.poisoned()));
    /// ```
    pub fn poisoned(self) -> bool {
        self == Self::Poisoned
    }

    /// [`poisoned`](Self::poisoned), under std's name.
    ///
    /// ```
    /// sisal_sync::Once::new().call_once_force(|state| assert!(!state.is_poisoned()));
    /// ```
    pub fn is_poisoned(self) -> bool {
        self.poisoned()
    }

    /// Whether it is done.
    ///
    /// ```
    /// assert!(!sisal_sync::Once::new().state().done());
    /// ```
    pub fn done(self) -> bool {
        self == Self::Done
    }
}

/// Does something once, whoever comes first; the others wait until it is done. The wait is never cancelled.
///
/// A closure that asks for its own `Once` waits for itself, for ever.
///
/// ```
/// use sisal_sync::Once;
/// static ONCE: Once = Once::new();
/// let mut count = 0;
/// for _ in 0..3 {
///     ONCE.call_once(|| count += 1);
/// }
/// assert_eq!(count, 1);
/// ```
pub struct Once {
    state: AtomicU8,
    crowd: Crowd<()>,
}

/// Leaves `BUSY`: for the state that it was told, or for `POISONED`, if it was told none.
struct Finish<'a> {
    once: &'a Once,
    state: u8,
}

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `look`: what was done.
        self.once.state.store(self.state, ordering!(Release, "once.finish.relaxed" => Relaxed));
        self.once.crowd.call_all(self.once.crowd.lock());
    }
}

impl Once {
    const_new! {
        /// Nobody has begun.
        ///
        /// ```
        /// static ONCE: sisal_sync::Once = sisal_sync::Once::new();
        /// assert!(!ONCE.is_completed());
        /// ```
        pub const fn new() -> Once {
            Once { state: AtomicU8::new(NEW), crowd: Crowd::new(()) }
        }
    }

    #[inline]
    fn look(&self) -> u8 {
        // Acquire: pairs with the Release in `Finish::drop`.
        self.state.load(ordering!(Acquire, "once.look.relaxed" => Relaxed))
    }

    /// How far it has come.
    ///
    /// ```
    /// assert!(!sisal_sync::Once::new().state().done());
    /// ```
    pub fn state(&self) -> OnceState {
        match self.look() {
            NEW => OnceState::New,
            BUSY => OnceState::InProgress,
            POISONED => OnceState::Poisoned,
            _ => OnceState::Done,
        }
    }

    /// Whether it is done.
    ///
    /// ```
    /// let once = sisal_sync::Once::new();
    /// once.call_once(|| ());
    /// assert!(once.is_completed());
    /// ```
    #[inline]
    pub fn is_completed(&self) -> bool {
        let done = self.look() == DONE;
        if !done {
            // A loop that polls must give way.
            sisal_park::spend();
        }
        done
    }

    /// Calls `f` if nobody has before, and returns when it is done.
    ///
    /// # Panics
    /// With the panic of `f`; and in every later call, since nobody knows what `f` has left half done.
    ///
    /// ```
    /// static ONCE: sisal_sync::Once = sisal_sync::Once::new();
    /// ONCE.call_once(|| ());
    /// ONCE.call_once(|| unreachable!());
    /// ```
    #[inline]
    pub fn call_once(&self, f: impl FnOnce()) {
        if self.look() != DONE {
            let mut f = Some(f);
            self.run(false, &mut |_| call(&mut f, |f| f()));
        }
    }

    /// [`call_once`](Self::call_once) that tries again after a panic.
    ///
    /// # Panics
    /// With the panic of `f`.
    ///
    /// ```
    /// let once = sisal_sync::Once::new();
    /// let panicking = std::panic::AssertUnwindSafe(|| once.call_once(|| panic!("half done")));
    /// assert!(std::panic::catch_unwind(panicking).is_err());
    /// once.call_once_force(|state| assert!(state.poisoned()));
    /// assert!(once.is_completed());
    /// ```
    #[inline]
    pub fn call_once_force(&self, f: impl FnOnce(OnceState)) {
        if self.look() != DONE {
            let mut f = Some(f);
            self.run(true, &mut |state| call(&mut f, |f| f(state)));
        }
    }

    /// Waits until somebody has done it.
    ///
    /// # Panics
    /// If the one who did it has panicked.
    ///
    /// ```
    /// let once = sisal_sync::Once::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| once.call_once(|| ()));
    ///     once.wait();
    /// });
    /// ```
    pub fn wait(&self) {
        if self.wait_while(|state| matches!(state, NEW | BUSY)) != DONE {
            panic!("Once instance has previously been poisoned");
        }
    }

    /// Waits until somebody has done it, also if others have panicked meanwhile.
    ///
    /// ```
    /// let once = sisal_sync::Once::new();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| once.call_once(|| ()));
    ///     once.wait_force();
    /// });
    /// ```
    pub fn wait_force(&self) {
        self.wait_while(|state| state != DONE);
    }

    /// Waits as long as the state is such, and gives the one that is not.
    fn wait_while(&self, such: impl Fn(u8) -> bool) -> u8 {
        loop {
            let seen = fault!("once.wait.looks_unlocked").then(|| self.look());
            let inside = self.crowd.lock();
            let state = seen.unwrap_or_else(|| self.look());
            if !such(state) {
                return state;
            }
            let how = (None, Reason::Once((&raw const *self).addr()), Cancellable::Never);
            let _ = with_current(|agent| self.crowd.wait(agent, inside, how, || ()));
        }
    }

    /// Does it, unless somebody else does. `f` says whether it is done now, or as new as before.
    #[cold]
    pub(crate) fn run(&self, despite_poison: bool, f: &mut dyn FnMut(OnceState) -> bool) {
        loop {
            let state = self.wait_while(|state| state == BUSY);
            match state {
                DONE => return,
                POISONED if !despite_poison => panic!("Once instance has previously been poisoned"),
                _ => {}
            }
            // NEW, POISONED => BUSY. Acquire: what the one before has left (pairs with the Release in `Finish::drop`).
            if self.state.compare_exchange(state, BUSY, Ordering::Acquire, Ordering::Relaxed).is_err() {
                continue;
            }
            let mut finish = Finish { once: self, state: POISONED };
            let before = if state == POISONED { OnceState::Poisoned } else { OnceState::New };
            finish.state = if f(before) { DONE } else { NEW };
            return;
        }
    }
}

/// Calls what can be called once only, and says that it is done.
fn call<F>(f: &mut Option<F>, with: impl FnOnce(F)) -> bool {
    with(f.take().expect("the one who does it does it once"));
    true
}

impl Default for Once {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("state", &self.state()).finish()
    }
}
