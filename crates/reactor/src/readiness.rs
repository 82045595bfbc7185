//! Readiness as an arm of a select: whichever comes first, data on this socket or something else.
//!
//! Knows nothing of the other arms. An edge is a hint: who is claimed by one asks the kernel whether the descriptor is ready, and
//! if it is not (another reader was faster), the select goes on.
//!
//! On a thread without a reactor nobody turns one for it. There a helper, an OS thread of its own that waits in `poll(2)`,
//! counts an edge when the descriptor is ready; it ends when the arm leaves, whose end of a pair of sockets is closed then.
//!
//! A stand-in for a descriptor needs no helper, but when it will change by itself. That one is a job of the agent's, which waits
//! for that moment, or for an edge: the arm counts one when it leaves.

use crate::foreign::is_ready;
use crate::{Interest, Source, Standin, os};
use sisal_park::cancel::check;
use sisal_park::{Agent, Cancellable, Outcome, Place, Reason, Selectable, Ticket, with_current};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;

/// That a descriptor can be read from, or written to: what sockets give to be waited for, by [`wait`](Self::wait) or as an arm of a
/// `select!`.
#[derive(Clone, Copy)]
pub struct Readiness<'a> {
    source: &'a Source,
    of: Of<'a>,
    interest: Interest,
}

#[derive(Clone, Copy)]
enum Of<'a> {
    Fd(BorrowedFd<'a>),
    Standin(&'a dyn Standin),
}

impl<'a> Readiness<'a> {
    /// Of `fd`, to which `source` belongs.
    pub fn new(source: &'a Source, fd: BorrowedFd<'a>, interest: Interest) -> Self {
        Self { source, of: Of::Fd(fd), interest }
    }

    /// Of `standin`, to which `source` belongs.
    pub fn of_standin(source: &'a Source, standin: &'a dyn Standin, interest: Interest) -> Self {
        Self { source, of: Of::Standin(standin), interest }
    }

    fn events(&self) -> libc::c_short {
        match self.interest {
            Interest::Readable => libc::POLLIN,
            Interest::Writable => libc::POLLOUT,
        }
    }

    /// Whether it is so now. Costs a system call.
    ///
    /// # Errors
    /// What the system says to the descriptor.
    pub fn is_ready(&self) -> io::Result<bool> {
        match self.of {
            Of::Fd(fd) => is_ready(fd, self.events()),
            Of::Standin(standin) => Ok(standin.is_ready(self.interest)),
        }
    }

    /// Waits until it is so.
    ///
    /// # Errors
    /// As [`Source::wait`].
    pub fn wait(&self) -> io::Result<()> {
        loop {
            let look = self.source.look(self.interest);
            if self.is_ready()? {
                return Ok(());
            }
            match self.of {
                Of::Fd(fd) => self.source.wait(fd, self.interest, look, None)?,
                Of::Standin(standin) => self.source.wait_for(standin, self.interest, look, None)?,
            }
        }
    }

    /// What `recv(readiness)` in a select expands to.
    #[doc(hidden)]
    pub fn recv_arm(&self) -> ReadyArm<'a> {
        let (place, error, happened) = (Place::new(), RefCell::new(None), Cell::new(false));
        let (helper, is_timed) = (RefCell::new(None), Cell::new(false));
        ReadyArm { readiness: *self, place, helper, is_timed, error, happened }
    }
}

/// A [`Readiness`] as an arm of a select.
#[doc(hidden)]
pub struct ReadyArm<'a> {
    readiness: Readiness<'a>,
    place: Place,
    /// Its end of the pair of sockets at which the helper listens.
    helper: RefCell<Option<UnixStream>>,
    /// Whether a job of the agent's waits for the moment at which a stand-in changes.
    is_timed: Cell<bool>,
    /// Why it cannot be waited for.
    error: RefCell<Option<io::Error>>,
    happened: Cell<bool>,
}

impl ReadyArm<'_> {
    /// That it is so, once selected.
    ///
    /// # Errors
    /// If it cannot be waited for, or the select was cancelled.
    pub fn complete(&self) -> io::Result<()> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if !self.happened.get() {
            check()?;
            return Err(io::Error::other("cancelled"));
        }
        Ok(())
    }

    /// Whether it has happened, be it by an error.
    fn look(&self) -> bool {
        let is_over = self.error.borrow().is_some()
            || self.readiness.is_ready().unwrap_or_else(|error| self.fail(error));
        self.happened.set(is_over);
        is_over
    }

    fn fail(&self, error: io::Error) -> bool {
        *self.error.borrow_mut() = Some(error);
        true
    }

    /// Lets a helper tell of the descriptor.
    fn start_helper(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        let (inner, events) = (Arc::clone(self.readiness.source.inner()), self.readiness.events());
        let (fd, interest) = (fd.try_clone_to_owned()?, self.readiness.interest);
        let (ours, bell) = UnixStream::pair()?;
        thread::Builder::new().name("sisal-poll".to_owned()).spawn(move || {
            loop {
                match os::poll_with(fd.as_fd(), events, Some(bell.as_fd()), None) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(false) => return,
                    // An error too: who is woken meets it.
                    Ok(true) | Err(_) => return inner.direction(interest).wake_all(),
                }
            }
        })?;
        *self.helper.borrow_mut() = Some(ours);
        Ok(())
    }

    /// Lets a job of the agent's tell of the moment at which a stand-in changes, if there is one.
    fn start_timer(&self, agent: &dyn Agent, standin: &dyn Standin) {
        let Readiness { source, interest, .. } = self.readiness;
        let Some(at) = standin.changes_at(interest) else { return };
        self.is_timed.set(true);
        let (inner, look) = (Arc::clone(source.inner()), source.look(interest));
        agent.submit_blocking(Box::new(move || {
            let direction = inner.direction(interest);
            let outcome = with_current(|agent| direction.wait(agent, look, Some(at), Reason::Sleep));
            if outcome == Outcome::TimedOut {
                direction.wake_all();
            }
        }));
    }

    /// Gets into line; an error if nobody will tell of the descriptor.
    ///
    /// # Safety
    /// As [`Selectable::register`].
    unsafe fn enter(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> io::Result<bool> {
        let Readiness { source, of, interest } = self.readiness;
        let has_reactor = match of {
            Of::Fd(fd) => source.inner().settle(fd.as_raw_fd())?,
            Of::Standin(_) => true,
        };
        loop {
            let look = source.look(interest);
            if self.readiness.is_ready()? {
                return Ok(false);
            }
            // SAFETY: the caller's promise; `leave` takes the waiter out.
            if unsafe { source.inner().direction(interest).register(look, &self.place, (agent, ticket, arm)) }
            {
                break;
            }
        }
        match of {
            Of::Standin(standin) => self.start_timer(agent, standin),
            Of::Fd(fd) if !has_reactor => {
                if let Err(error) = self.start_helper(fd) {
                    self.leave(false);
                    return Err(error);
                }
            }
            Of::Fd(_) => {}
        }
        Ok(true)
    }

    fn leave(&self, claimed: bool) {
        drop(self.helper.take());
        if let Some(waiter) = self.place.waiter() {
            // SAFETY: `enter` has put it there.
            unsafe { self.readiness.source.inner().direction(self.readiness.interest).leave(waiter) };
            if claimed {
                waiter.wait_for_claimant();
            }
        }
        self.place.clear();
        if self.is_timed.replace(false) {
            self.readiness.source.inner().direction(self.readiness.interest).wake_all();
        }
    }
}

impl Selectable for ReadyArm<'_> {
    fn attempt(&self, _agent: &dyn Agent) -> bool {
        self.look()
    }

    unsafe fn register(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        // SAFETY: the caller's promise. An error is an end of the wait: the next attempt finds it.
        unsafe { self.enter(agent, ticket, arm) }.unwrap_or_else(|error| !self.fail(error))
    }

    fn unregister(&self, claimed: bool) {
        self.leave(claimed);
    }

    fn accept(&self, agent: &dyn Agent) -> bool {
        if let Some(waiter) = self.place.waiter() {
            let _ = waiter.wait(agent, None, Reason::Select(1), Cancellable::Never);
        }
        self.leave(false);
        self.look()
    }

    fn is_ready(&self) -> bool {
        self.look()
    }

    unsafe fn watch(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.register(agent, ticket, arm) }
    }

    fn unwatch(&self, claimed: bool) {
        self.leave(claimed);
    }
}

impl fmt::Debug for Readiness<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = match self.of {
            Of::Fd(fd) => fd.as_raw_fd(),
            Of::Standin(standin) => standin.number(),
        };
        f.debug_struct("Readiness").field("fd", &number).field("interest", &self.interest).finish()
    }
}

impl fmt::Debug for ReadyArm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadyArm").field(&self.readiness).finish()
    }
}
