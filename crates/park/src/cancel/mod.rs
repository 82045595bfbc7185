//! Cancel as a value: deadlines and cancel scopes around a piece of code, for fibers and bare threads alike.
//!
//! Knows nothing of fibers or timers. Nothing is ever unwound: what waits inside such a scope ends with its own error, and
//! the code goes on from there.
//!
//! ```text
//!  A's frames (each on A's stack)                      flags (counted)
//!  top ─▶ ┌──────────┐
//!         │ deadline │                                ┌─────────┐  tells  ┌────────────────┐
//!         └────┬─────┘ outer                          │ token   ├────────▶│ flag of A's    │─▶ wakes A
//!         ┌────▼─────┐          stands for            └─────────┘         │ frame          │─▶ tells a scope's flag ─▶ its
//!         │ flag     ├───────────────────────────────────────────────────▶│                │   children, wherever they run
//!         └────┬─────┘                                                    └───────▲────────┘
//!              ▼ null                                                             │ passed on
//!         A itself: `root` ── another asks A to end ──────────────────────────────┘
//! ```
//!
//! A [`CancelFlag`] is raised once and never lowered. Who is to be told stands in its list as a [`Listener`]: an agent,
//! another flag, an arm of a select. So raising one raises every flag below it, and wakes everybody who waits there.
//!
//! | `root` of an agent | means | left by |
//! |---|---|---|
//! | null | nobody has asked it to end | its agent, with its outermost flag: `=> flag`; a canceller: `=> ASKED` |
//! | a flag | the same; who asks takes the flag, and raises it | its agent at the frame's end: `=> null`, or at another such frame beside it: `=> shared`; a canceller: `=> ASKED` |
//! | a shared flag | the same; several flags are outermost, and it tells them | its agent at the last one's end: `=> null`; a canceller: `=> ASKED` |
//! | `ASKED` | asked to end | its agent, when a wait has returned early for it: `=> NOTICED` |
//! | `NOTICED` | and one wait that reports no errors has returned early | nobody |
//!
//! Invariants:
//! 1. Frames belong to their agent alone, which runs. They are closed before their stack ends, and, where there are several
//!    stacks, in any order: what points to a frame is known to it. An agent that ends leaves those orphaned that are open.
//! 2. A listener's links and target are touched under its flag's lock alone. It leaves the list before its memory ends: by
//!    its drop, or taken out by who raises the flag, who is done with it when the lock is free again.
//! 3. A flag is raised before its list is emptied, and looked at under the lock before a listener enters. So a listener is
//!    either told, or has seen the flag. Those below are raised before it, so who sees it raised (a parent that was woken, and
//!    looks at its child) sees them raised. One that comes below while that is going on is found in the list afterwards.
//! 4. An agent that waits under a flag listens to it from its first such wait on, so that what is never cancelled and never
//!    waits costs no lock. It looks at the flags after it has begun to listen, and before it parks.
//! 5. What is visible from a flag's frame (outer frames up to a shield, and the agent's `root` beyond them) raises that
//!    flag too: the nearest flag is told by the one around it, the outermost by `root`, by way of the shared flag if they are several.
//! 6. A wait that is ended by a cancel leaves by the same way as one that is ended by its deadline: it is still in its
//!    queue, removes itself under the lock, and if it was fulfilled meanwhile, it was fulfilled.
//!
//! Races:
//! - *Cancel before the park.* A looks at its flags: none is raised. B raises one, empties its list, wakes A: A's word gets
//!   `TOKEN`. A commits, eats the token, and looks again. If A was not in the list yet, it looks at the flag after it has
//!   entered, under the lock that B takes after raising, so one sees the other.
//! - *Cancel while A opens its first scope.* A puts its flag into `root`. B asks. Whoever's RMW is first is seen by the other:
//!   B finds the flag and raises it, or A finds `ASKED` and raises it itself.
//! - *Cancel while A closes it.* A takes the flag out of `root`, or finds that B has it, with its count. B then raises a flag
//!   to which nobody listens any more.
//! - *Cancel while A opens a second outermost flag.* A coroutine is suspended inside a scope, and its agent opens another:
//!   neither frame sees the other. A lets a flag of its own tell both, and puts that into `root` in the place of the first. B
//!   asks before that and raises the first, which A sees and raises the second; or after that, and raises both.
//! - *Wake of one who has gone on.* B has taken A's waker out of the list, A closes the frame and ends. The waker holds a
//!   reference to A's record, and wakes nobody (the word's last touch).
//! - *Cancel against fulfilment.* As a deadline against fulfilment: see `wait_queue.rs`.
//!
//! One early return: operations that report no error ([`Cancellable::Once`](crate::Cancellable)) return early once for each
//! thing that has happened. Each frame remembers whether it was noticed; when something outside has happened, all flags
//! inside it have happened by the same cause, and are noticed with it.
//!
//! Road not taken: a list of waits to walk through at a cancel. It would cost each park a shared lock.

mod detached;
mod flag;
mod frame;
mod root;
mod scopes;
mod token;

pub use detached::Detached;
pub use flag::{CancelFlag, Listener};
pub use frame::{enter, inherit, listen_while, shield, with_deadline};
pub use root::Asked;
pub use scopes::{Before, CancelScopes};
pub use token::{CancelArm, CancelToken};

use crate::with_current;
use std::time::Instant;
use std::{error, fmt, io};

/// What has cancelled a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody has asked for it.
    Asked,
    /// The deadline of a [`with_deadline`] around it has passed.
    Deadline,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "cancelled",
            Self::Deadline => "the deadline around the operation has passed",
        })
    }
}

impl error::Error for Cause {}

/// `TimedOut` for a deadline, `Other` with the text "cancelled" for the rest.
impl From<Cause> for io::Error {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Asked => io::Error::other("cancelled"),
            Cause::Deadline => io::ErrorKind::TimedOut.into(),
        }
    }
}

/// Whether whoever runs now is cancelled, and by what: for operations that report it, before they begin.
///
/// # Errors
/// What has cancelled it.
///
/// ```
/// use sisal_park::cancel::{Cause, check, with_deadline};
/// use std::time::Instant;
///
/// assert_eq!(check(), Ok(()));
/// assert_eq!(with_deadline(Instant::now(), check).0, Err(Cause::Deadline));
/// ```
#[inline]
pub fn check() -> Result<(), Cause> {
    with_current(|agent| agent.cancel_scopes().check(agent))
}

/// The nearest deadline around the caller, for a wait that no agent makes.
pub fn deadline() -> Option<Instant> {
    with_current(|agent| agent.cancel_scopes().deadline())
}
