//! What all six sockets are: a descriptor of std's type in non-blocking mode or what stands in for it, its readiness, and how long
//! it waits.
//!
//! Knows nothing of addresses or protocols; it is given a call, and makes it wait.
//!
//! ```text
//!  TcpStream ──┐      Arc       ┌────────────────────────────────────────┐
//!  its clone ──┴───────────────▶│ source    its readiness, dropped first │
//!                               │ socket    std's, owns the fd; or a     │
//!                               │           simulated one                │
//!                               │ timeouts, non-blocking mode            │
//!                               └────────────────────────────────────────┘
//! ```
//!
//! A clone is another handle to the same descriptor: it cannot fail, needs no second descriptor and no second
//! registration, and shares the settings, as clones of std's sockets do through the kernel.
//!
//! *Each call* goes: asked to end? look; call; if it would block, wait for an edge that the look has not seen, look, call...
//!
//! *A timeout that changes while somebody waits.* A reads the timeout, then waits. B stores a new one, then nudges, which
//! counts as an edge: either A has not compared its look yet, and comes back, or it is woken, and comes back; then it
//! reads the timeout again. A thread that waits in `poll(2)` by itself learns of it only with its next call.
//!
//! *A deadline that passes.* One last call is made before the error is returned, so that data which has lain there while
//! others had the processor is not reported as missing.

use crate::backing::{Accepted, Backing, Simulated, no_descriptor};
use crate::sys::retry;
use sisal_park::{Cancellable, Reason, cancel, spend, with_current};
use sisal_reactor::{Interest, Look, Readiness, Source};
use socket2::SockAddr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// In nanoseconds; 0 means none. 584 years are for ever.
#[derive(Default)]
struct Timeout(AtomicU64);

impl Timeout {
    fn get(&self) -> Option<Duration> {
        // Relaxed: who is nudged after a change reads it after taking the lock that the nudge has taken.
        Some(self.0.load(Ordering::Relaxed)).filter(|ns| *ns > 0).map(Duration::from_nanos)
    }

    /// Whether that changes anything.
    fn set(&self, timeout: Option<Duration>) -> bool {
        let ns = timeout.map_or(0, |timeout| timeout.as_nanos().try_into().unwrap_or(u64::MAX));
        self.0.swap(ns, Ordering::Relaxed) != ns
    }
}

struct Core<S> {
    /// Before the socket: it must be gone when the descriptor closes.
    source: Source,
    socket: Backing<S>,
    read_timeout: Timeout,
    write_timeout: Timeout,
    nonblocking: AtomicBool,
}

/// A socket of std's type `S` that waits as its agent does.
pub(crate) struct Socket<S> {
    core: Arc<Core<S>>,
}

/// std's sockets, as far as all of them are alike.
pub(crate) trait StdSocket: AsFd + From<OwnedFd> {
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()>;
}

/// The limits of one operation that waits.
#[derive(Default)]
pub(crate) struct Limits {
    /// When the operation first had to wait with a timeout.
    pub(crate) start: Option<Instant>,
    /// Ends the operation in place of the socket's timeout.
    pub(crate) deadline: Option<Instant>,
    /// Looks again that often, since no edge tells.
    pub(crate) again_after: Option<Duration>,
}

impl<S> Clone for Socket<S> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core) }
    }
}

impl<S: StdSocket> Socket<S> {
    /// A socket that is in non-blocking mode already, and has no timeouts.
    pub(crate) fn new(socket: S) -> Self {
        Self::over(Source::new(), Backing::System(socket))
    }

    /// A simulated socket, whose bell is that of `source`.
    pub(crate) fn simulated(source: Source, socket: Box<dyn Simulated>) -> Self {
        Self::over(source, Backing::Simulated(socket))
    }

    /// A connection that was accepted in a simulation, and whose it is.
    pub(crate) fn accepted(accepted: Accepted) -> (Self, SockAddr) {
        (Self::simulated(accepted.source, accepted.socket), accepted.peer)
    }

    fn over(source: Source, socket: Backing<S>) -> Self {
        let core = Core {
            source,
            socket,
            read_timeout: Timeout::default(),
            write_timeout: Timeout::default(),
            nonblocking: AtomicBool::new(false),
        };
        Self { core: Arc::new(core) }
    }

    /// A socket that was somebody else's, with the timeouts that it has there.
    pub(crate) fn adopt(socket: S) -> Self {
        // A descriptor that cannot be changed says so at its first use.
        let _ = socket.set_nonblocking(true);
        let this = Self::new(socket);
        let options = socket2::SockRef::from(this.core.socket.system());
        this.core.read_timeout.set(options.read_timeout().unwrap_or(None));
        this.core.write_timeout.set(options.write_timeout().unwrap_or(None));
        this
    }

    /// std's socket, in blocking mode unless the user has chosen the other. If there are clones, it is a copy.
    ///
    /// # Panics
    /// If there are clones, and no descriptor for the copy; if it is simulated.
    pub(crate) fn into_std(self) -> S {
        let nonblocking = self.is_nonblocking();
        let socket = match Arc::try_unwrap(self.core) {
            Ok(Core { source, socket: Backing::System(socket), .. }) => {
                drop(source);
                socket
            }
            Ok(_) => no_descriptor(),
            Err(core) => {
                let copy = core.socket.fd().try_clone_to_owned();
                S::from(copy.expect("a descriptor for the copy of a socket that has clones"))
            }
        };
        // As in `adopt`.
        let _ = socket.set_nonblocking(nonblocking);
        socket
    }

    /// What it is underneath, for what needs no waiting.
    #[inline]
    pub(crate) fn backing(&self) -> &Backing<S> {
        &self.core.socket
    }

    pub(crate) fn is_nonblocking(&self) -> bool {
        // Relaxed: a mode, which orders nothing.
        self.core.nonblocking.load(Ordering::Relaxed)
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) {
        self.core.nonblocking.store(nonblocking, Ordering::Relaxed);
    }

    fn timeout_of(&self, interest: Interest) -> &Timeout {
        match interest {
            Interest::Readable => &self.core.read_timeout,
            Interest::Writable => &self.core.write_timeout,
        }
    }

    pub(crate) fn timeout(&self, interest: Interest) -> Option<Duration> {
        self.timeout_of(interest).get()
    }

    /// Also tells the kernel, so that std's socket has the timeout, should this become one.
    pub(crate) fn set_timeout(&self, interest: Interest, timeout: Option<Duration>) -> io::Result<()> {
        if timeout == Some(Duration::ZERO) {
            return Err(zero_timeout());
        }
        if !self.timeout_of(interest).set(timeout) {
            return Ok(());
        }
        self.core.source.nudge(interest);
        let Backing::System(socket) = &self.core.socket else { return Ok(()) };
        let options = socket2::SockRef::from(socket);
        match interest {
            Interest::Readable => options.set_read_timeout(timeout),
            Interest::Writable => options.set_write_timeout(timeout),
        }
    }

    /// That it is readable, or writable.
    pub(crate) fn readiness(&self, interest: Interest) -> Readiness<'_> {
        match &self.core.socket {
            Backing::System(socket) => Readiness::new(&self.core.source, socket.as_fd(), interest),
            Backing::Simulated(socket) => Readiness::of_standin(&self.core.source, &**socket, interest),
        }
    }

    /// Makes `call`, and where it would block, waits and makes it again.
    #[inline]
    pub(crate) fn run<T>(
        &self,
        interest: Interest,
        call: impl FnMut(&Backing<S>) -> io::Result<T>,
    ) -> io::Result<T> {
        self.run_with(interest, Limits::default(), |_| false, call)
    }

    /// [`run`](Self::run) within `limits`. `drains` says whether a result shows that nothing is left.
    #[inline]
    pub(crate) fn run_with<T>(
        &self,
        interest: Interest,
        limits: Limits,
        drains: impl Fn(&T) -> bool,
        mut call: impl FnMut(&Backing<S>) -> io::Result<T>,
    ) -> io::Result<T> {
        not_cancelled()?;
        let Core { source, socket, .. } = &*self.core;
        let look = source.look(interest);
        if self.is_nonblocking() {
            // A loop that polls must give way too.
            spend();
            return retry(|| call(socket));
        }
        if !source.is_drained(interest, look) {
            match retry(|| call(socket)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => {
                    note_drained(source, interest, look, &result, &drains);
                    spend();
                    return result;
                }
            }
        }
        self.wait_and_run(interest, limits, look, &drains, &mut call)
    }

    #[cold]
    fn wait_and_run<T>(
        &self,
        interest: Interest,
        mut limits: Limits,
        mut look: Look,
        drains: &dyn Fn(&T) -> bool,
        call: &mut dyn FnMut(&Backing<S>) -> io::Result<T>,
    ) -> io::Result<T> {
        let Core { source, socket, .. } = &*self.core;
        loop {
            let expired = match self.wait(interest, look, &mut limits) {
                Ok(()) => None,
                Err(error) if is_timeout(&error) => Some(error),
                Err(error) => return Err(error),
            };
            look = source.look(interest);
            match retry(|| call(socket)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    expired.map_or(Ok(()), Err)?;
                }
                result => {
                    note_drained(source, interest, look, &result, drains);
                    return result;
                }
            }
        }
    }

    /// Waits for an edge that `look` has not seen.
    ///
    /// # Errors
    /// `WouldBlock` once the socket's own timeout is over, as std's sockets say on Unix; `TimedOut` for every other deadline.
    pub(crate) fn wait(&self, interest: Interest, look: Look, limits: &mut Limits) -> io::Result<()> {
        let own = match (limits.deadline, self.timeout(interest)) {
            (None, Some(timeout)) => {
                let start = *limits.start.get_or_insert_with(|| with_current(|agent| agent.now()));
                start.checked_add(timeout)
            }
            _ => None,
        };
        let deadline = limits.deadline.or(own);
        let waited = match (&self.core.socket, limits.again_after) {
            (_, Some(pause)) => pause_for(pause, deadline, Reason::Writable(self.number().into())),
            (Backing::System(socket), None) => {
                self.core.source.wait(socket.as_fd(), interest, look, deadline)
            }
            (Backing::Simulated(socket), None) => {
                self.core.source.wait_for(&**socket, interest, look, deadline)
            }
        };
        match (waited, own) {
            (Err(error), Some(own)) if is_timeout(&error) && with_current(|agent| agent.now()) >= own => {
                Err(io::Error::from_raw_os_error(libc::EAGAIN))
            }
            (waited, _) => waited,
        }
    }

    /// The descriptor, or the number of what stands in for it, for who reads a dump.
    pub(crate) fn number(&self) -> i32 {
        match &self.core.socket {
            Backing::System(socket) => socket.as_fd().as_raw_fd(),
            Backing::Simulated(socket) => socket.number(),
        }
    }

    /// The edges so far, for a call that is not made by [`run`](Self::run).
    pub(crate) fn look(&self, interest: Interest) -> Look {
        self.core.source.look(interest)
    }
}

impl<S: StdSocket> AsFd for Socket<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.core.socket.fd()
    }
}

/// After a deadline there is one last call.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

#[inline]
fn note_drained<T>(
    source: &Source,
    interest: Interest,
    look: Look,
    result: &io::Result<T>,
    drains: &(impl Fn(&T) -> bool + ?Sized),
) {
    if result.as_ref().is_ok_and(drains) {
        source.drained(interest, look);
    }
}

/// An operation that reports errors ends whenever its agent is asked to, also if it need not wait.
#[inline]
pub(crate) fn not_cancelled() -> io::Result<()> {
    Ok(cancel::check()?)
}

/// Parks for `pause`, or until `deadline`, which is an error.
pub(crate) fn pause_for(pause: Duration, deadline: Option<Instant>, reason: Reason) -> io::Result<()> {
    with_current(|agent| {
        let now = agent.now();
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let end = deadline.map_or(now + pause, |deadline| deadline.min(now + pause));
        // Whatever ends it: the caller calls again.
        let _ = agent.park(Some(end), reason, Cancellable::Always);
        not_cancelled()
    })
}

/// What std says to a timeout of zero.
pub(crate) fn zero_timeout() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "cannot set a 0 duration timeout")
}
