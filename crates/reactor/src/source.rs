//! A descriptor that is waited for: which reactor watches it, and the two directions in which it becomes ready.
//!
//! Knows nothing of what the descriptor is, nor of who waits.
//!
//! | state | meaning | left by |
//! |---|---|---|
//! | unregistered | nobody watches; a wait registers first | a wait on a thread with a reactor: `=>` that reactor |
//! | registered with R | R's events count edges here | a wait under another reactor Q, the second in a row: `=>` Q; `R.close()`, `drop`: `=>` unregistered |
//!
//! Per direction: a count of edges, and a queue of waiters; both change under the direction's lock.
//!
//! ```text
//!   who wants to read                         who turns the reactor
//!   look: n = edges (L)
//!   read(2)  -> EAGAIN                        epoll_wait -> readable
//!   lock                                      lock
//!     edges == n?  no: read again               edges += 1
//!     push waiter                           //!   unlock, park                              wake them outside the lock
//! ```
//!
//! Invariants:
//! 1. A look is taken before the call whose failure leads to the wait.
//! 2. Readiness that begins while registered makes the kernel queue an event (edge-triggered); readiness that is there when
//!    the source is registered does so too (`EPOLL_CTL_ADD` reports it).
//! 3. A wait registers before it compares its look.
//! 4. The registration is taken back before the descriptor is closed: the socket that owns both drops the source first.
//!
//! Races:
//! - *Edge between call and park.* A looks (5), reads, EAGAIN. Data comes; B turns the reactor, edges are 6, nobody waits. A
//!   takes the lock, sees 6, reads again. No flag is consumed, so it does not matter who else saw that edge.
//! - *Two readers, one edge.* A waits. Two datagrams come as one edge. C has looked (5) and met EAGAIN before they came. B
//!   counts 6 and wakes A, which takes one datagram and is busy. C takes the lock, sees 6, reads the other. (With a sticky
//!   flag that A had consumed, C would sleep beside the second datagram.) All who wait are woken by each edge.
//! - *Edge that nobody needs.* A is woken by edge 6, looks (6), reads all, looks again (6), EAGAIN, waits: there is no
//!   left-over flag that costs a second call in vain.
//! - *Late event.* B fetches an event, and before it looks at it the source leaves: the token finds nobody (`table.rs`). The
//!   source registers elsewhere: readiness is reported there by invariant 2.
//! - *Closing reactor.* R closes: each source becomes unregistered, then counts an edge in both directions, so that who
//!   waits, or is about to, calls again and registers elsewhere.
//! - *Moving.* A waits under R, D under Q for the second time: the source is added to Q, then taken from R. A stays in
//!   the queue, which belongs to the source, and is woken by Q's events.
//!
//! *Drained.* A short read (fewer bytes than asked for, more than none) of a TCP socket has emptied it. Reader A looks (5),
//! reads short at time T, and notes "5 is drained". The next reader looks; if it sees 5, it waits without calling. Why
//! nothing is lost: what comes after T queues a new event, since event 5 was fetched before A looked, that is before T. That
//! event is either counted before the waiter's comparison, which then fails, or after, and wakes it. If the source is
//! registered only later, invariant 2 reports what has come meanwhile. What could have come *before* T and be left by
//! a short read: an end or an error (told by event 5 at the latest, or by a later one: its bit in the look says that
//! nothing is ever drained again), and data behind an urgent byte (told by the same bit, as sources are registered
//! for urgent data as well). Packets, Unix sockets (which stop at a passed descriptor) and pipes do not use it.
//! A note that comes late, or is overwritten by an older one, costs one call.

use crate::direction::{Direction, Interest, Look};
use crate::reactor::Reactor;
use crate::{ambient, blunt, os};
use mio::Token;
use sisal_base::sync::Mutex;
use sisal_park::{Outcome, Reason, WakeBatch, with_current};
use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

/// That many waits in a row under another reactor move the source there: once is a visit, twice a habit.
const AWAY_MAX: u8 = 2;

/// Where a source is registered.
struct Registration {
    reactor: Arc<Reactor>,
    token: Token,
    fd: RawFd,
}

#[derive(Default)]
struct Home {
    registration: Option<Registration>,
    /// Waits in a row under another reactor.
    away: u8,
}

/// What the source and the table of its reactor share.
pub(crate) struct Inner {
    readable: Direction,
    writable: Direction,
    /// Locked before the reactor's table, never after.
    home: Mutex<Home>,
}

impl Inner {
    pub(crate) const fn new() -> Self {
        let home = Home { registration: None, away: 0 };
        Self { readable: Direction::new(), writable: Direction::new(), home: Mutex::new(home) }
    }

    #[inline]
    pub(crate) fn direction(&self, interest: Interest) -> &Direction {
        match interest {
            Interest::Readable => &self.readable,
            Interest::Writable => &self.writable,
        }
    }

    /// Counts what `event` tells, if that is `new`, and pops those who wait for it until `batch` is full; `true` if there are
    /// more.
    pub(crate) fn deliver(&self, event: &mio::event::Event, new: bool, batch: &mut WakeBatch) -> bool {
        let broken = event.is_error();
        let ended = event.is_read_closed() || broken || os::is_urgent(event);
        let mut more = false;
        if event.is_readable() || ended {
            more |= self.readable.deliver(new.then_some(ended), batch);
        }
        if event.is_writable() || event.is_write_closed() || broken {
            more |= self.writable.deliver(new.then_some(broken), batch);
        }
        more
    }

    /// `reactor` is closing.
    pub(crate) fn reactor_closes(&self, reactor: &Reactor) {
        let mut home = self.home.lock();
        if home.registration.as_ref().is_some_and(|held| std::ptr::eq(&raw const *held.reactor, reactor)) {
            home.registration = None;
        }
        drop(home);
        self.readable.wake_all();
        self.writable.wake_all();
    }

    /// Sees that a reactor watches the source; `false` if this thread has none.
    pub(crate) fn settle(self: &Arc<Self>, fd: RawFd) -> io::Result<bool> {
        ambient::with_current(|current| {
            let Some(current) = current else { return Ok(false) };
            let mut home = self.home.lock();
            if let Some(held) = &home.registration {
                debug_assert_eq!(held.fd, fd, "a source belongs to one descriptor");
                if Arc::ptr_eq(&held.reactor, current) {
                    home.away = 0;
                    return Ok(true);
                }
                home.away += 1;
                if home.away < AWAY_MAX {
                    return Ok(true);
                }
            }
            // Nothing is lost if this one is closed: the caller waits by itself.
            let Some(token) = current.register(fd, self)? else { return Ok(false) };
            let registration = Registration { reactor: Arc::clone(current), token, fd };
            let left = home.registration.replace(registration);
            home.away = 0;
            // Still under the lock: should the source come back, its descriptor must be gone from there.
            if let Some(left) = left {
                left.reactor.deregister(left.token, left.fd);
            }
            Ok(true)
        })
    }
}

/// A descriptor's readiness, owned by whoever owns the descriptor; dropped before the descriptor is closed.
///
/// It is registered with the first wait, edge-triggered and in both directions, with the reactor of the thread that waits.
/// Each operation looks, calls, and waits for what the look has not seen:
///
/// ```
/// use sisal_reactor::{Interest, Source};
/// use std::io::{self, Read};
/// use std::os::fd::AsFd;
///
/// fn read(stream: &std::net::TcpStream, source: &Source, bytes: &mut [u8]) -> io::Result<usize> {
///     loop {
///         let look = source.look(Interest::Readable);
///         match (&*stream).read(bytes) {
///             Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
///                 source.wait(stream.as_fd(), Interest::Readable, look, None)?;
///             }
///             result => return result,
///         }
///     }
/// }
/// # fn main() -> io::Result<()> {
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let stream = std::net::TcpStream::connect(listener.local_addr()?)?;
/// # io::Write::write_all(&mut listener.accept()?.0, b"hello")?;
/// stream.set_nonblocking(true)?;
/// let source = Source::new();
/// assert_eq!(read(&stream, &source, &mut [0; 8])?, 5);
/// # Ok(()) }
/// ```
pub struct Source {
    inner: Arc<Inner>,
}

impl Source {
    /// A source that no reactor watches yet.
    pub fn new() -> Self {
        Self { inner: Arc::new(Inner::new()) }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// The edges so far. To be taken before the call whose failure leads to a wait.
    #[inline]
    pub fn look(&self, interest: Interest) -> Look {
        self.inner.direction(interest).look()
    }

    /// Waits for an edge that `look` has not seen. May return early; the caller calls again, and comes back with a new
    /// look.
    ///
    /// On a thread with a [reactor](crate::install) the agent parks, on another one the OS thread waits in `poll(2)`.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) once `deadline` has passed, [`Other`](io::ErrorKind::Other) with the text
    /// "cancelled" if the agent is cancelled, and what the system says to a descriptor that it cannot watch.
    pub fn wait(
        &self,
        fd: BorrowedFd<'_>,
        interest: Interest,
        look: Look,
        deadline: Option<Instant>,
    ) -> io::Result<()> {
        let fd_number = fd.as_raw_fd();
        let (reason, events) = match interest {
            Interest::Readable => (Reason::Readable(fd_number.into()), libc::POLLIN),
            Interest::Writable => (Reason::Writable(fd_number.into()), libc::POLLOUT),
        };
        if !self.inner.settle(fd_number)? {
            return blunt::wait(fd, events, deadline);
        }
        match with_current(|agent| self.inner.direction(interest).wait(agent, look, deadline, reason)) {
            Outcome::Woken => Ok(()),
            Outcome::TimedOut => Err(io::ErrorKind::TimedOut.into()),
            Outcome::Cancelled(cause) => Err(cause.into()),
        }
    }

    /// Notes that the call which followed `look` has taken all there was: a short read of a TCP socket, and nothing else.
    #[inline]
    pub fn drained(&self, interest: Interest, look: Look) {
        self.inner.direction(interest).drain(look);
    }

    /// Whether a call now could only fail for want of data: a call that followed `look`, or an equal one, has
    /// [drained](Self::drained) the direction. Always `false` on a thread without a reactor, where a call costs less than
    /// the wait that it would save.
    #[inline]
    pub fn is_drained(&self, interest: Interest, look: Look) -> bool {
        self.inner.direction(interest).is_drained(look) && ambient::with_current(|current| current.is_some())
    }

    /// Makes everybody who waits in that direction return early, and whoever is about to: its deadline has changed.
    pub fn nudge(&self, interest: Interest) {
        self.inner.direction(interest).wake_all();
    }
}

impl Default for Source {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let mut home = self.inner.home.lock();
        if let Some(held) = home.registration.take() {
            held.reactor.deregister(held.token, held.fd);
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("registered", &self.inner.home.lock().registration.is_some())
            .field("readable", &self.inner.readable)
            .field("writable", &self.inner.writable)
            .finish()
    }
}
