//! The clients that are there: each has a place, and they can be asked to go.
//!
//! Knows nothing of accepting. A client is *idle* while a server only waits for what it might ask next; whoever closes the
//! room cuts idle clients off from the reading side, so that the wait ends as if the client had gone. What has arrived
//! before is still read, and what is being answered is answered.
//!
//! Race, *asked to go while it becomes idle*: the room looks, finds a client busy; the client becomes idle and sleeps. Both
//! sides write first and then look (`is_closing` and `is_idle`, all SeqCst): one of them sees the other.

use crate::http::Transport;
use sisal::net::TcpStream;
use sisal::sync::Semaphore;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A client's stream, and its place among the others, which is given back when it is dropped.
///
/// To begin with it counts as idle: a server that knows better says so by [`Transport::set_idle`].
pub struct Client {
    seat: Arc<Seat>,
    room: Arc<Room>,
    number: u64,
}

struct Seat {
    stream: TcpStream,
    is_idle: AtomicBool,
}

/// All clients of a server.
pub(super) struct Room {
    seats: Mutex<HashMap<u64, Arc<Seat>>>,
    places: Semaphore,
    places_max: usize,
    next_number: AtomicU64,
    is_closing: AtomicBool,
}

impl Room {
    pub(super) fn new(places_max: usize) -> Self {
        Self {
            seats: Mutex::default(),
            places: Semaphore::new(places_max),
            places_max,
            next_number: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
        }
    }

    /// Waits until there is room for one more. The accept loop alone takes places, so there still is afterwards.
    pub(super) fn wait_for_place(&self, timeout: Duration) -> bool {
        self.places.try_acquire_for(timeout).is_some()
    }

    /// Lets clients go that want nothing at present, tells the others that they should, and waits for all.
    pub(super) fn close(&self, timeout: Duration) {
        self.is_closing.store(true, Ordering::SeqCst);
        let seats: Vec<_> = self.seats().values().cloned().collect();
        for seat in seats {
            if seat.is_idle.load(Ordering::SeqCst) {
                seat.cut_off();
            }
        }
        let _all = self.places.try_acquire_many_for(self.places_max, timeout);
    }

    /// Never held across a wait.
    fn seats(&self) -> MutexGuard<'_, HashMap<u64, Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    fn cut_off(&self) {
        // It may have gone by itself.
        let _ = self.stream.shutdown(Shutdown::Read);
    }
}

impl Client {
    /// Takes a place, for which the caller has waited.
    pub(super) fn new(stream: TcpStream, room: &Arc<Room>) -> Self {
        if let Some(permit) = room.places.try_acquire() {
            permit.forget();
        }
        let number = room.next_number.fetch_add(1, Ordering::Relaxed);
        let seat = Arc::new(Seat { stream, is_idle: AtomicBool::new(true) });
        room.seats().insert(number, seat.clone());
        Self { seat, room: room.clone(), number }
    }

    /// The stream. Several fibers may use it at once.
    pub fn stream(&self) -> &TcpStream {
        &self.seat.stream
    }

    /// Whether the server wants to stop.
    pub fn is_asked_to_go(&self) -> bool {
        self.room.is_closing.load(Ordering::SeqCst)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.room.seats().remove(&self.number);
        self.room.places.add_permits(1);
    }
}

impl Read for Client {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream().read(buffer)
    }
}

impl Write for Client {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream().write(buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream().write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Client {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.stream().set_read_timeout(Some(timeout))
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.stream().set_write_timeout(Some(timeout))
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream().shutdown(Shutdown::Write)
    }

    fn set_idle(&mut self, is_idle: bool) -> bool {
        self.seat.is_idle.store(is_idle, Ordering::SeqCst);
        let is_closing = self.is_asked_to_go();
        if is_closing && is_idle {
            self.seat.cut_off();
        }
        !is_closing
    }

    fn now(&self) -> Instant {
        sisal::time::now()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("stream", self.stream()).finish_non_exhaustive()
    }
}
