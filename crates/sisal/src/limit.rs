//! So many fibers at a time, and no more.
//!
//! Knows nothing of how fibers run: a semaphore's permit is taken before the spawn, and goes with the closure.

use crate::fiber::{Builder, JoinHandle};
use crate::sync::Semaphore;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Admits a number of fibers at once. Whoever would spawn one more waits, or is refused, *before* the fiber exists: what
/// cannot be done yet stays where it is (in a socket's queue, in a channel), and costs no stack.
///
/// A fiber's place is free again once its closure has returned or panicked, or was dropped unrun because its runtime ended.
/// Clones share the places. Works on bare threads too.
///
/// ```
/// use sisal::fiber::Limit;
///
/// let limit = Limit::new(2);
/// let handles: Vec<_> = (1..=5).map(|n| limit.spawn(move || n * n)).collect(); // never more than two at once
/// let squares: Vec<_> = handles.into_iter().map(|handle| handle.join().unwrap()).collect();
/// assert_eq!(squares, [1, 4, 9, 16, 25]);
/// ```
///
/// A gate in front of a server refuses on the spot what it could not answer in time:
///
/// ```
/// # use sisal::{fiber::Limit, net::TcpListener};
/// # use std::io::{self, Write};
/// # fn serve(listener: TcpListener) -> io::Result<()> {
/// let limit = Limit::new(1_000);
/// for stream in listener.incoming() {
///     let mut stream = stream?;
///     match limit.try_take() {
///         Some(place) => drop(sisal::go!({
///             let _place = place;
///             let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
///         })),
///         None => drop(stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Limit {
    places: Arc<Places>,
}

struct Places {
    free: Semaphore,
    max: usize,
}

/// A place in a [`Limit`], given back when dropped.
///
/// Give it to a fiber whose spawn needs more than [`Limit::spawn`] offers: a name, a scope, another runtime.
///
/// ```
/// use sisal::fiber::{Builder, Limit};
/// let limit = Limit::new(1);
/// let place = limit.take();
/// let named = Builder::new().name("the only one".into()).spawn(move || {
///     let _place = place;
/// });
/// named.unwrap().join().unwrap();
/// assert_eq!(limit.free(), 1);
/// ```
#[must_use = "dropping the place gives it back"]
pub struct Place {
    places: Arc<Places>,
}

impl Limit {
    /// Places for `max` fibers at once.
    ///
    /// # Panics
    /// If `max` is 0, for then no fiber would ever run, or above [`Semaphore::MAX_PERMITS`].
    pub fn new(max: usize) -> Self {
        assert!(max > 0, "a limit of 0 fibers: it takes 1 at least");
        Self { places: Arc::new(Places { free: Semaphore::new(max), max }) }
    }

    /// Waits for a place, then spawns a fiber that has it. Who waits longest is next. The wait is never cancelled.
    ///
    /// A fiber that has a place and waits here for another gives none back meanwhile: if all do so, they wait for ever.
    ///
    /// # Panics
    /// As [`fiber::spawn`](crate::fiber::spawn); the place is free again.
    #[track_caller]
    pub fn spawn<F, T>(&self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match spawn_in(self.take(), f) {
            Ok(handle) => handle,
            Err(error) => panic!("cannot spawn a fiber: {error}"),
        }
    }

    /// Spawns a fiber if there is a place for it.
    ///
    /// # Errors
    /// [`ResourceBusy`](io::ErrorKind::ResourceBusy) if all places are taken; else as [`Builder::spawn`]. The closure is
    /// dropped; [`try_take`](Self::try_take) asks before there is one.
    ///
    /// ```
    /// use sisal::fiber::Limit;
    /// let limit = Limit::new(1);
    /// let place = limit.take();
    /// let refused = limit.try_spawn(|| ()).unwrap_err();
    /// assert_eq!(refused.to_string(), "all 1 places are taken; raise the number in fiber::Limit::new");
    /// # drop(place);
    /// ```
    #[track_caller]
    pub fn try_spawn<F, T>(&self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match self.try_take() {
            Some(place) => spawn_in(place, f),
            None => {
                let max = self.places.max;
                let text = format!("all {max} places are taken; raise the number in fiber::Limit::new");
                Err(io::Error::new(io::ErrorKind::ResourceBusy, text))
            }
        }
    }

    /// Waits for a place. Who waits longest is next. The wait is never cancelled.
    pub fn take(&self) -> Place {
        self.places.free.acquire().forget();
        Place { places: Arc::clone(&self.places) }
    }

    /// A place, if that needs no wait.
    pub fn try_take(&self) -> Option<Place> {
        self.places.free.try_acquire()?.forget();
        Some(Place { places: Arc::clone(&self.places) })
    }

    /// How many places there are.
    pub fn max(&self) -> usize {
        self.places.max
    }

    /// How many places are free right now.
    pub fn free(&self) -> usize {
        self.places.free.available()
    }
}

#[track_caller]
fn spawn_in<F, T>(place: Place, f: F) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(move || {
        // Dropped last, after all that `f` owns.
        let _place = place;
        f()
    })
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.free.add_permits(1);
    }
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limit").field("max", &self.max()).field("free", &self.free()).finish()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("max", &self.places.max).finish_non_exhaustive()
    }
}
