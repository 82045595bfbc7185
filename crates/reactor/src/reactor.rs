//! One poll loop: who watches the sources of one worker, and in whose wait that worker sleeps.
//!
//! Knows nothing of workers: it is turned by whoever calls [`Reactor::turn`].
//!
//! | part | behind | held |
//! |---|---|---|
//! | `poll` | a lock that is only ever tried | while polling and handing out the events |
//! | `table` | a lock | for a registration, and for each 16 waiters to wake |
//! | `bell` | a lock | for one write |
//! | `rung` | an atomic | |
//! | `watching` | an atomic, written under the table's lock | |
//!
//! Each of the first three is `None` once the reactor is closed, whose descriptors are closed then, whoever still holds it.
//!
//! `watching`: how many sources there are, for a turn that does not wait: with none, it need not ask the system. It may miss one
//! that another thread registers right now, as its poll might.
//!
//! `rung`: set by `ring`, taken by a `turn` that may sleep. Races:
//! - *Ring before the sleep.* B rings: `rung`, and writes to the bell. A's turn takes `rung`, and does not sleep.
//! - *Ring at the sleep.* A finds `rung` not set. B sets it and writes. A's poll returns at once because of the bell.
//! - *Two rings.* C finds `rung` set, and does not write. Whoever takes it does so after C's look, so it returns from its
//!   turn after C's work was published (the swaps of one word), and finds it.
//! - *Somebody else turns.* The monitor polls without waiting, and is told of the bell. It leaves `rung`, so A's turn,
//!   which begins after that, does not sleep. (Were it to take it, A would sleep on.)
//! - *Closing.* A sleeps. B closes: writes to the bell, then waits for the poll's lock, then closes the bell. (In the other
//!   order the kernel forgets the bell's event with the bell, before A has fetched it, and A sleeps on.)

use crate::os;
use crate::source::Inner;
use crate::table::{BELL, Table};
use mio::unix::SourceFd;
use mio::{Events, Poll, Registry, Token, Waker as Bell};
use sisal_base::sync::Mutex;
use sisal_base::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use sisal_park::WakeBatch;
use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

/// Events fetched in one turn: 6 KB. What is left over comes with the next one.
const EVENTS_A_TURN: usize = 512;

struct Polling {
    poll: Poll,
    events: Events,
}

struct Watched {
    registry: Registry,
    table: Table,
}

/// A poll loop with its sources.
///
/// ```
/// use std::time::Duration;
/// # fn main() -> std::io::Result<()> {
/// let reactor = sisal_reactor::Reactor::new()?;
/// reactor.ring();
/// // Would wait for a minute, were it not for the ring.
/// reactor.turn(Some(Duration::from_secs(60)))?;
/// reactor.close();
/// # Ok(()) }
/// ```
pub struct Reactor {
    poll: Mutex<Option<Polling>>,
    watched: Mutex<Option<Watched>>,
    watching: AtomicUsize,
    bell: Mutex<Option<Bell>>,
    rung: AtomicBool,
    closed: AtomicBool,
}

impl Reactor {
    /// A reactor that watches nothing.
    ///
    /// # Errors
    /// If the system has no descriptors left. A reactor holds three of them on Linux.
    pub fn new() -> io::Result<Arc<Self>> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let bell = Bell::new(poll.registry(), BELL)?;
        Ok(Arc::new(Self {
            poll: Mutex::new(Some(Polling { poll, events: Events::with_capacity(EVENTS_A_TURN) })),
            watched: Mutex::new(Some(Watched { registry, table: Table::default() })),
            watching: AtomicUsize::new(0),
            bell: Mutex::new(Some(bell)),
            rung: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }))
    }

    /// Waits until a source is ready, somebody [rings](Self::ring), or `timeout` has passed (`None`: however long it takes);
    /// then wakes whoever waits for the sources that are ready. Gives the number of events.
    ///
    /// May return early. If another thread turns this reactor right now, or it is closed, it returns at once with 0. With
    /// a timeout of zero it leaves a ring to a turn that may sleep, and makes no system call while there are no sources. On Linux a timeout ends within some 10 µs, if
    /// the thread has called [`install`](crate::install).
    ///
    /// # Errors
    /// If the system's poll fails. An interrupt by a signal is no error.
    pub fn turn(&self, timeout: Option<Duration>) -> io::Result<usize> {
        let sleeps = timeout != Some(Duration::ZERO);
        // Relaxed: what was registered a moment ago is seen a turn later.
        if !sleeps && self.watching.load(Ordering::Relaxed) == 0 {
            return Ok(0);
        }
        let Some(mut polling) = self.poll.try_lock() else { return Ok(0) };
        let Some(Polling { poll, events }) = polling.as_mut() else { return Ok(0) };
        let timeout = if sleeps && self.take_ring() { Some(Duration::ZERO) } else { timeout };
        let result = os::turn(poll, events, timeout);
        if sleeps {
            self.take_ring();
        }
        match result {
            Ok(()) => Ok(self.hand_out(events)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Takes the ring, if there is one; a reactor that is closing rings for ever.
    fn take_ring(&self) -> bool {
        // Acquire: pairs with the Release in `ring`: whoever rang has published what it rang for. A swap in any case,
        // never a load alone: a ringer that finds `true` must know that what it published is seen after this.
        let rung = self.rung.swap(false, Ordering::AcqRel);
        // Acquire: pairs with the Release in `close`.
        rung || self.closed.load(Ordering::Acquire)
    }

    /// Counts the edges of `events`, and wakes whoever waits for them, 16 at a time, outside the table's lock.
    fn hand_out(&self, events: &Events) -> usize {
        let mut events = events.iter().filter(|event| event.token() != BELL);
        let mut batch = WakeBatch::new();
        let mut count = 0;
        let mut next = events.next();
        let mut new = true;
        while next.is_some() {
            let watched = self.watched.lock();
            while let Some(event) = next {
                let source = watched.as_ref().and_then(|watched| watched.table.get(event.token()));
                count += usize::from(new && source.is_some());
                // Full: the same event again, after a round of waking.
                new = !source.is_some_and(|source| source.deliver(event, new, &mut batch));
                if !new {
                    break;
                }
                next = events.next();
            }
            drop(watched);
            batch.wake_all();
        }
        count
    }

    /// Makes the turn that sleeps, or else the next one that would, return at once. Costs next to nothing if somebody has
    /// rung already; if the turn does sleep, the kernel takes some 7,000 ns. After [`close`](Self::close) it does nothing.
    pub fn ring(&self) {
        // Release: pairs with the Acquire in `take_ring`. Acquire: if it was set, the taker comes after us.
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.write_bell();
        }
    }

    fn write_bell(&self) {
        if let Some(bell) = &*self.bell.lock() {
            // The counter of a bell that nobody reads is reset by mio itself; there is no other error that lasts.
            while bell.wake().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {}
        }
    }

    /// Ends the reactor, when nobody will turn it any more: whoever waits for one of its sources is woken, calls again and
    /// registers elsewhere. The descriptors are closed even if the reactor itself lives on.
    pub fn close(&self) {
        // Release: pairs with the Acquire in `take_ring`: whoever still turns it does not sleep from here on.
        self.closed.store(true, Ordering::Release);
        self.write_bell();
        let sources = self.watched.lock().take().map(|watched| watched.table);
        self.watching.store(0, Ordering::Relaxed);
        for source in sources.into_iter().flat_map(Table::into_sources) {
            source.reactor_closes(self);
        }
        // Waits until who turns it has left, which the bell makes him do. Only then the bell (*closing*, above).
        *self.poll.lock() = None;
        *self.bell.lock() = None;
    }

    /// How many sources are registered.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// assert_eq!(sisal_reactor::Reactor::new()?.sources(), 0);
    /// # Ok(()) }
    /// ```
    pub fn sources(&self) -> usize {
        self.watching.load(Ordering::Relaxed)
    }

    /// Watches `fd` for `source`; `None` if the reactor is closed.
    pub(crate) fn register(&self, fd: RawFd, source: &Arc<Inner>) -> io::Result<Option<Token>> {
        let mut watched = self.watched.lock();
        let Some(Watched { registry, table }) = watched.as_mut() else { return Ok(None) };
        let token = table.insert(Arc::clone(source));
        let token = token.ok_or_else(|| io::Error::other("a reactor cannot watch that many sources"))?;
        match registry.register(&mut SourceFd(&fd), token, os::INTERESTS) {
            Ok(()) => {
                self.watching.store(table.len(), Ordering::Relaxed);
                Ok(Some(token))
            }
            Err(error) => {
                table.remove(token);
                Err(error)
            }
        }
    }

    /// Watches `fd` no longer.
    pub(crate) fn deregister(&self, token: Token, fd: RawFd) {
        let mut watched = self.watched.lock();
        if let Some(Watched { registry, table }) = watched.as_mut() {
            // An error says that the kernel has forgotten the descriptor by itself.
            let _ = registry.deregister(&mut SourceFd(&fd));
            let _ = table.remove(token);
            self.watching.store(table.len(), Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = self.closed.load(Ordering::Relaxed);
        f.debug_struct("Reactor").field("sources", &self.sources()).field("closed", &closed).finish()
    }
}
