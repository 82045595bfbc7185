//! The frames of a computation on a stack of its own, which its agent leaves and comes back to.
//!
//! Knows nothing of stacks. Without it, who resumes a coroutine would be under the deadlines that the coroutine has left open.

use super::CancelScopes;
use super::frame::{Place, orphan};
use crate::{AgentId, with_current};
use std::cell::{Cell, OnceCell};
use std::ptr::NonNull;
use std::{fmt, ptr};

/// The frames that a suspended computation has left open.
#[derive(Default)]
pub struct Detached {
    /// Made when there are some for the first time; in a box, since what points to a frame stays in place.
    chain: OnceCell<Box<Place>>,
}

/// What is open inside and outside changes places, until it is dropped.
struct Change<'a> {
    scopes: &'a CancelScopes,
    inside: &'a OnceCell<Box<Place>>,
    outside: Place,
    /// Whether there was anything to change.
    is_made: bool,
}

impl Change<'_> {
    #[cold]
    fn make(&mut self) {
        self.is_made = true;
        if self.scopes.has_frames() {
            self.scopes.move_frames_to(&self.outside);
        }
        if let Some(inside) = self.inside.get() {
            self.scopes.take_frames_from(inside);
        }
    }

    #[cold]
    fn undo(&self) {
        leave(self.scopes, self.inside);
        self.scopes.take_frames_from(&self.outside);
    }
}

impl Drop for Change<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.is_made {
            self.undo();
        }
    }
}

/// Takes what is open.
fn leave(scopes: &CancelScopes, inside: &OnceCell<Box<Place>>) {
    if scopes.has_frames() {
        scopes.move_frames_to(inside.get_or_init(|| Box::new(Cell::new(ptr::null()))));
    }
}

impl Detached {
    /// None.
    pub const fn new() -> Self {
        Self { chain: OnceCell::new() }
    }

    /// Whether the computation has left any open.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.chain.get().is_some_and(|chain| !chain.get().is_null())
    }

    /// [`run`](Self::run) in the name of whoever runs now, whose number `claim` is told first. Mostly nothing is open on either
    /// side, and then it costs three looks.
    #[inline(always)]
    pub fn run_current<R>(&self, claim: impl FnOnce(AgentId), f: impl FnOnce() -> R) -> R {
        let (own, scopes) = with_current(|agent| {
            let (own, scopes) = agent.id_and_scopes();
            (own, NonNull::from(scopes))
        });
        claim(own);
        // SAFETY: an agent lives while code runs in its name, as `f` and our caller do. The record of a fiber stays in place
        // when the fiber is resumed on another thread, and a bare thread's stays to the thread's end.
        let scopes = unsafe { scopes.as_ref() };
        let mut change = self.change(scopes);
        if scopes.has_frames() || self.is_open() {
            change.make();
        }
        // At one place: what is called at two is not inlined, and a frame between two switches costs more than a switch.
        let result = f();
        if !change.is_made && scopes.has_frames() {
            self.leave(scopes);
        }
        result
    }

    #[inline(always)]
    fn change<'a>(&'a self, scopes: &'a CancelScopes) -> Change<'a> {
        Change { scopes, inside: &self.chain, outside: Cell::new(ptr::null()), is_made: false }
    }

    #[cold]
    fn leave(&self, scopes: &CancelScopes) {
        leave(scopes, &self.chain);
    }

    /// Resumes the computation: runs `f` under the frames that it had left open, and under no others of `scopes`, which are
    /// the running agent's. Whether that was asked to end is seen all the same.
    ///
    /// ```
    /// use sisal_park::cancel::{Cause, Detached, check, with_deadline};
    /// use sisal_park::with_current;
    /// use std::time::Instant;
    ///
    /// let computation = Detached::new();
    /// let inside = || with_current(|agent| computation.run(agent.cancel_scopes(), check));
    /// let (seen, _) = with_deadline(Instant::now(), || (inside(), check()));
    /// assert_eq!(seen, (Ok(()), Err(Cause::Deadline)));
    /// ```
    #[inline(never)]
    pub fn run<R>(&self, scopes: &CancelScopes, f: impl FnOnce() -> R) -> R {
        let mut change = self.change(scopes);
        change.make();
        f()
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        // A computation that is leaked never closes them; one that is unwound without this closes them where they stand.
        if let Some(chain) = self.chain.get() {
            orphan(chain);
        }
    }
}

impl fmt::Debug for Detached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detached").field("open", &self.is_open()).finish()
    }
}
