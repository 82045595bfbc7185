//! An agent's own end of it all: the chain of its frames, and what a wait is to do about them.
//!
//! Knows nothing of how an agent parks, nor of how it is asked to end. See `mod.rs` for the protocol.

use super::Cause;
use super::flag::{CancelFlag, Listener, Target};
use super::frame::{Frame, Kind, Place, move_chain, orphan};
use super::root::{Asked, Root};
use crate::{Agent, Cancellable, Outcome};
use sisal_base::const_new;
use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::time::Instant;

/// What surrounds the code that an agent runs.
pub struct CancelScopes {
    root: Root,
    top: Place,
}

/// What a park is to do.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Not park.
    Return(Outcome),
    /// Park, at the longest until then.
    Park(Option<Instant>),
}

/// What is seen from the innermost frame.
#[derive(Default)]
struct View {
    /// A flag is raised, or the agent was asked.
    asked: bool,
    nearest: Option<Instant>,
}

impl CancelScopes {
    const_new! {
        /// No frame, and not asked.
        pub const fn new() -> CancelScopes {
            CancelScopes { root: Root::new(), top: Cell::new(ptr::null()) }
        }
    }

    /// Asks the agent to end, from any thread; `None` if that was done before.
    pub fn ask(&self) -> Option<Asked> {
        self.root.ask()
    }

    /// No frame and not asked: nothing to look at.
    #[inline(always)]
    pub fn is_plain(&self) -> bool {
        self.top.get().is_null() & self.root.is_null()
    }

    pub(super) fn push(&self, frame: &Frame) {
        frame.open(&self.top);
    }

    #[inline(always)]
    /// Whether a deadline, a flag or a shield is open.
    pub fn has_frames(&self) -> bool {
        !self.top.get().is_null()
    }

    /// Puts all open frames into `place`, which is empty.
    pub(super) fn move_frames_to(&self, place: &Place) {
        move_chain(&self.top, place);
    }

    /// Opens the frames in `place` again; no others are open.
    #[inline]
    pub(super) fn take_frames_from(&self, place: &Place) {
        if !place.get().is_null() {
            move_chain(place, &self.top);
        }
    }

    /// Calls `f` with the frames that are seen from here, innermost first, until it says that it is enough; `true` if there was
    /// no shield, so that `root` is seen too.
    fn walk(&self, mut f: impl FnMut(&Frame) -> bool) -> bool {
        let mut next = self.top.get();
        // SAFETY: invariant 1: each frame is on our stack until it is closed.
        while let Some(frame) = unsafe { next.as_ref() } {
            if matches!(frame.kind, Kind::Shield) {
                return false;
            }
            if !f(frame) {
                return false;
            }
            next = frame.outer.get();
        }
        true
    }

    /// Sees to it that `flag`, which is about to be entered, is told by what surrounds it (invariant 5): by the frame around it
    /// through `upper`, and by `root`, with the help of `beside`. `true` if by `root`, from which it is to be detached.
    pub(super) fn attach(
        &self,
        flag: &Arc<CancelFlag>,
        upper: Pin<&Listener>,
        beside: Pin<&Listener>,
    ) -> bool {
        let sees_root = self.walk(|frame| {
            let Some((outer, is_inherited)) = frame.flag() else { return true };
            if !upper.listen(outer, Target::Flag(Arc::downgrade(flag))) {
                flag.raise();
            }
            // An own one is told by `root`, directly or not. An inherited one is the outermost, and is not.
            is_inherited
        });
        if sees_root {
            self.root.put(flag, beside);
        }
        sees_root
    }

    /// Ends what [`attach`](Self::attach) has begun in `root`.
    pub(super) fn detach(&self, flag: &Arc<CancelFlag>, beside: &Listener) {
        self.root.take(flag, beside);
    }

    /// What ends a wait that reports errors.
    fn view(&self, agent: &dyn Agent) -> View {
        let mut view = View::default();
        let sees_root = self.walk(|frame| {
            view.asked |= frame.is_raised(agent);
            if let Kind::Deadline(at) = frame.kind {
                view.nearest = earlier(view.nearest, at);
            }
            true
        });
        view.asked |= sees_root && self.root.is_asked();
        view
    }

    /// What ends a wait that reports no errors: what nobody has noticed yet.
    fn unnoticed(&self, agent: &dyn Agent) -> View {
        let mut view = View::default();
        let mut inherited_noticed = false;
        let sees_root = self.walk(|frame| {
            let noticed = frame.noticed.get();
            match frame.kind {
                Kind::Deadline(at) if !noticed => view.nearest = earlier(view.nearest, at),
                Kind::Flag { inherited: true, .. } if noticed => inherited_noticed = true,
                _ if !noticed => view.asked |= frame.is_raised(agent),
                _ => {}
            }
            true
        });
        if sees_root && self.root.is_asked() && !inherited_noticed {
            // The one early return for both: a shutdown asks each fiber, and by way of its parent, too.
            view.asked |= self.root.is_unnoticed();
        }
        view
    }

    /// Marks all that has happened as noticed.
    fn notice(&self, agent: &dyn Agent) {
        let mut depth = 0;
        let mut raised_to = 0;
        let sees_root = self.walk(|frame| {
            depth += 1;
            if frame.flag().is_some_and(|(flag, _)| flag.is_raised()) {
                raised_to = depth;
            }
            true
        });
        if sees_root && self.root.is_asked() {
            raised_to = depth;
            self.root.notice();
        }
        let now = agent.now();
        let mut depth = 0;
        self.walk(|frame| {
            depth += 1;
            match frame.kind {
                // Raised, or about to be by the same cause further out.
                Kind::Flag { .. } if depth <= raised_to => frame.noticed.set(true),
                Kind::Deadline(at) if at <= now => frame.noticed.set(true),
                _ => {}
            }
            true
        });
        self.hit(now);
    }

    /// Marks the deadlines that have passed.
    fn hit(&self, now: Instant) {
        self.walk(|frame| {
            if matches!(frame.kind, Kind::Deadline(at) if at <= now) {
                frame.hit.set(true);
            }
            true
        });
    }

    /// What a wait of that kind is to do, which waits until `deadline` at the longest.
    #[inline]
    pub fn before_park(
        &self,
        agent: &dyn Agent,
        deadline: Option<Instant>,
        cancellable: Cancellable,
    ) -> Before {
        if self.is_plain() { Before::Park(deadline) } else { self.before_slow(agent, deadline, cancellable) }
    }

    #[cold]
    fn before_slow(&self, agent: &dyn Agent, deadline: Option<Instant>, cancellable: Cancellable) -> Before {
        let view = match cancellable {
            Cancellable::Never => return Before::Park(deadline),
            Cancellable::Always => self.view(agent),
            Cancellable::Once => self.unnoticed(agent),
        };
        let has_passed = |nearest: Instant| {
            agent.has_passed(nearest) && deadline.is_none_or(|deadline| !agent.has_passed(deadline))
        };
        let cause = if view.asked {
            Cause::Asked
        } else if view.nearest.is_some_and(has_passed) {
            Cause::Deadline
        } else {
            let until = view.nearest.map_or(deadline, |nearest| earlier(deadline, nearest));
            return Before::Park(until);
        };
        self.end(agent, cause, cancellable);
        Before::Return(Outcome::Cancelled(cause))
    }

    /// What has ended a park that [`before_park`](Self::before_park) has allowed; `timed_out` if the moment came that it gave.
    #[inline]
    pub fn after_park(
        &self,
        agent: &dyn Agent,
        deadline: Option<Instant>,
        timed_out: bool,
        cancellable: Cancellable,
    ) -> Outcome {
        if !self.is_plain() && cancellable != Cancellable::Never {
            return self.after_slow(agent, deadline, timed_out, cancellable);
        }
        if timed_out { Outcome::TimedOut } else { Outcome::Woken }
    }

    #[cold]
    fn after_slow(
        &self,
        agent: &dyn Agent,
        deadline: Option<Instant>,
        timed_out: bool,
        cancellable: Cancellable,
    ) -> Outcome {
        let view = match cancellable {
            Cancellable::Once => self.unnoticed(agent),
            _ => self.view(agent),
        };
        let cause = if view.asked {
            Cause::Asked
        } else if !timed_out {
            return Outcome::Woken;
        } else if deadline.is_some_and(|deadline| agent.has_passed(deadline)) {
            return Outcome::TimedOut;
        } else {
            Cause::Deadline
        };
        self.end(agent, cause, cancellable);
        Outcome::Cancelled(cause)
    }

    fn end(&self, agent: &dyn Agent, cause: Cause, cancellable: Cancellable) {
        match (cancellable, cause) {
            (Cancellable::Once, _) => self.notice(agent),
            (_, Cause::Deadline) => self.hit(agent.now()),
            _ => {}
        }
    }

    /// Whether the agent is cancelled now, and by what.
    #[inline]
    pub(super) fn check(&self, agent: &dyn Agent) -> Result<(), Cause> {
        if self.is_plain() { Ok(()) } else { self.check_slow(agent) }
    }

    #[cold]
    fn check_slow(&self, agent: &dyn Agent) -> Result<(), Cause> {
        match self.before_slow(agent, None, Cancellable::Always) {
            Before::Return(Outcome::Cancelled(cause)) => Err(cause),
            _ => Ok(()),
        }
    }

    /// The innermost flag that is seen from here.
    pub(super) fn nearest_flag(&self) -> Option<Arc<CancelFlag>> {
        let mut nearest = None;
        self.walk(|frame| {
            nearest = frame.flag().map(|(flag, _)| Arc::clone(flag));
            nearest.is_none()
        });
        nearest
    }

    /// The nearest deadline that is seen from here.
    pub fn deadline(&self) -> Option<Instant> {
        let mut nearest = None;
        self.walk(|frame| {
            if let Kind::Deadline(at) = frame.kind {
                nearest = earlier(nearest, at);
            }
            true
        });
        nearest
    }
}

impl Drop for CancelScopes {
    fn drop(&mut self) {
        // Frames may be left on a stack that is suspended.
        orphan(&self.top);
    }
}

impl Default for CancelScopes {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CancelScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelScopes").field("asked", &self.root.is_asked()).finish_non_exhaustive()
    }
}

fn earlier(a: Option<Instant>, b: Instant) -> Option<Instant> {
    Some(a.map_or(b, |a| a.min(b)))
}
