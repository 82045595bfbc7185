//! The frames that surround a piece of code: a deadline, a flag, a shield.
//!
//! Knows nothing of what is run inside. See `mod.rs` for the protocol.

use super::flag::{CancelFlag, Listener, Target};
use crate::{Agent, Waker, with_current};
use std::cell::Cell;
use std::pin::{Pin, pin};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Instant;

/// What a frame stands for.
pub(super) enum Kind {
    /// Waits inside end at that moment.
    Deadline(Instant),
    /// Waits inside end once it is raised.
    Flag {
        /// Borrowed by who opens the frame, for as long as it is open.
        flag: NonNull<Arc<CancelFlag>>,
        /// It is another agent's, the scope's in which this fiber was spawned, and not raised when this one is asked to end.
        inherited: bool,
    },
    /// What is outside is not seen inside.
    Shield,
}

/// What points to a frame: the end of a chain, or the frame inside it.
pub(super) type Place = Cell<*const Frame>;

/// One of the frames around what an agent runs, on that agent's stack (invariant 1).
pub(super) struct Frame {
    pub(super) outer: Place,
    /// The place that points to this frame; null once the agent is gone.
    place: Cell<*const Place>,
    pub(super) kind: Kind,
    /// A wait that reports no errors has returned early for it.
    pub(super) noticed: Cell<bool>,
    /// Its deadline has ended something, or was reported.
    pub(super) hit: Cell<bool>,
    /// Wakes the agent when the flag is raised.
    listener: Listener,
}

impl Frame {
    fn new(kind: Kind) -> Self {
        Self {
            outer: Cell::new(ptr::null()),
            place: Cell::new(ptr::null()),
            kind,
            noticed: Cell::new(false),
            hit: Cell::new(false),
            listener: Listener::new(),
        }
    }

    /// Opens it, as the innermost frame of the chain that begins at `top`.
    pub(super) fn open(&self, top: &Place) {
        move_chain(top, &self.outer);
        top.set(self);
        self.place.set(top);
    }

    /// Takes it out of its chain, wherever it stands there.
    fn close(&self) {
        // SAFETY: invariant 1: who points to an open frame lives, and so does the frame to which that points.
        unsafe {
            if let Some(place) = self.place.get().as_ref() {
                place.set(self.outer.get());
            }
            if let Some(outer) = self.outer.get().as_ref() {
                outer.place.set(self.place.get());
            }
        }
    }

    /// The flag for which it stands, and whether that is inherited.
    #[inline]
    pub(super) fn flag(&self) -> Option<(&Arc<CancelFlag>, bool)> {
        match self.kind {
            // SAFETY: `enter` and `inherit` borrow it for longer than the frame is open.
            Kind::Flag { flag, inherited } => Some((unsafe { flag.as_ref() }, inherited)),
            _ => None,
        }
    }

    /// Whether the flag of the frame, if it has one, is raised. If it is not, `agent` is woken when that happens (invariant 4).
    pub(super) fn is_raised(&self, agent: &dyn Agent) -> bool {
        let Some((flag, _)) = self.flag() else { return false };
        if !self.listener.is_listening() {
            // SAFETY: frames are pinned by `run_in`, the only place that makes them.
            let listener = unsafe { Pin::new_unchecked(&self.listener) };
            // `false`: raised already.
            let _ = listener.listen(flag, Target::Agent(agent.waker()));
        }
        flag.is_raised()
    }
}

/// Lets the chain that begins at `from` begin at `to` instead, which is empty.
pub(super) fn move_chain(from: &Place, to: &Place) {
    let first = from.replace(ptr::null());
    to.set(first);
    // SAFETY: invariant 1: an open frame lives.
    if let Some(first) = unsafe { first.as_ref() } {
        first.place.set(to);
    }
}

/// Lets the chain that begins at `from` begin nowhere: its agent is gone.
pub(super) fn orphan(from: &Place) {
    // SAFETY: invariant 1: an open frame lives.
    if let Some(first) = unsafe { from.get().as_ref() } {
        first.place.set(ptr::null());
    }
}

/// Closes the frame, also when what runs inside unwinds.
struct Close<'a>(&'a Frame);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Runs `f` inside a frame; also gives whether that frame's deadline was hit.
fn run_in<R>(kind: Kind, f: impl FnOnce() -> R) -> (R, bool) {
    let frame = pin!(Frame::new(kind));
    let frame = frame.as_ref().get_ref();
    with_current(|agent| agent.cancel_scopes().push(frame));
    let close = Close(frame);
    let result = f();
    drop(close);
    (result, frame.hit.get())
}

/// Runs `f`, whose waits end at `deadline` (if they are such as can be cancelled). Also gives whether the deadline has ended
/// one.
pub fn with_deadline<R>(deadline: Instant, f: impl FnOnce() -> R) -> (R, bool) {
    run_in(Kind::Deadline(deadline), f)
}

/// Runs `f`, which sees no cancel and no deadline from outside.
///
/// ```
/// use sisal_park::cancel::{check, shield, with_deadline};
/// use std::time::Instant;
///
/// assert!(with_deadline(Instant::now(), || shield(check)).0.is_ok());
/// ```
pub fn shield<R>(f: impl FnOnce() -> R) -> R {
    run_in(Kind::Shield, f).0
}

/// Takes the flag out of `root`, also when what runs inside unwinds.
struct Attached<'a> {
    flag: &'a Arc<CancelFlag>,
    beside: &'a Listener,
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        with_current(|agent| agent.cancel_scopes().detach(self.flag, self.beside));
    }
}

/// Runs `f`, whose waits end when `flag` is raised. Whatever cancels the code around the call raises it too. The flag is this
/// call's alone: nobody else enters it.
pub fn enter<R>(flag: &Arc<CancelFlag>, f: impl FnOnce() -> R) -> R {
    let (upper, beside) = (pin!(Listener::new()), pin!(Listener::new()));
    let (upper, beside) = (upper.as_ref(), beside.as_ref());
    let in_root = with_current(|agent| agent.cancel_scopes().attach(flag, upper, beside));
    let _attached = in_root.then(|| Attached { flag, beside: beside.get_ref() });
    run_in(Kind::Flag { flag: NonNull::from(flag), inherited: false }, f).0
}

/// Runs `f`, which waits otherwise than by parking, and looks with [`check`](super::check) before it does. If a flag is around,
/// `waker` makes what is woken when that is raised, and something for `f` to notice that by.
///
/// # Errors
/// That of `waker`.
pub fn listen_while<T, R, E>(
    waker: impl FnOnce() -> Result<(Waker, T), E>,
    f: impl FnOnce(Option<T>) -> R,
) -> Result<R, E> {
    // Invariant 5: the nearest flag is raised whatever happens outside of it.
    let Some(flag) = with_current(|agent| agent.cancel_scopes().nearest_flag()) else { return Ok(f(None)) };
    let told = pin!(Listener::new());
    let (waker, noticed_by) = waker()?;
    // `false`: raised already, which `f` sees when it looks.
    let _ = told.as_ref().listen(&flag, Target::Agent(waker));
    Ok(f(Some(noticed_by)))
}

/// Runs `f`, the whole of a fiber, as a child of who has entered `flag` somewhere else, with the nearest deadline that was
/// around there.
pub fn inherit<R>(flag: &Arc<CancelFlag>, deadline: Option<Instant>, f: impl FnOnce() -> R) -> R {
    let kind = Kind::Flag { flag: NonNull::from(flag), inherited: true };
    match deadline {
        None => run_in(kind, f).0,
        Some(deadline) => run_in(kind, || with_deadline(deadline, f).0).0,
    }
}
