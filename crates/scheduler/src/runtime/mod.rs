//! A runtime: N workers, a monitor and a blocking pool, from their start to their end.
//!
//! Knows nothing of how a worker works.

mod builder;
mod every;
mod global;
mod grace;
mod run;
mod shutdown;

pub use builder::Builder;
pub(crate) use builder::Ends;
pub(crate) use every::every_crew;
pub(crate) use global::default_runtime;
pub use global::{current_handle, default_handle};
pub use run::run;

pub use crate::metrics::{BlockingMetrics, Delays, Metrics, StackMetrics, WorkerMetrics};
pub use crate::panic_policy::{PanicPolicy, UnjoinedPanic};
pub use crate::stack_use::StackUse;
pub use crate::trace::{Recording, Trace, write_traces};
pub use shutdown::{Leaked, StillRunning};

use crate::crew::Crew;
use crate::handle::JoinHandle;
use crate::spawn;
use crate::stack_use::Ledger;
use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long a dropped runtime waits for its fibers.
const DROP_TIMEOUT: Duration = Duration::from_secs(10);

/// Workers that run fibers. Dropping it asks its fibers to end, by value, waits for them up to 10 s, and says in a line on
/// stderr what it has to leak; [`leak`](Self::leak) opts out.
///
/// Most programs need none of their own: [`spawn()`](crate::spawn()) and [`run`] use a default one, which is never dropped.
///
/// ```
/// use sisal_scheduler::Runtime;
/// let runtime = Runtime::builder().workers(2).build().unwrap();
/// let sum = runtime.run(|| (1..=3).map(|n| sisal_scheduler::spawn(move || n)).map(|h| h.join().unwrap()).sum::<i32>());
/// assert_eq!(sum, 6);
/// ```
pub struct Runtime {
    handle: Handle,
    /// Taken by the first shutdown.
    threads: std::sync::Mutex<Option<Threads>>,
}

#[derive(Default)]
struct Threads {
    workers: Vec<thread::JoinHandle<()>>,
    monitor: Option<thread::JoinHandle<()>>,
}

/// Spawns on a runtime from anywhere. Cheap to clone; does not keep the runtime running.
#[derive(Clone)]
pub struct Handle {
    crew: Arc<Crew>,
}

impl Runtime {
    /// A runtime with the defaults.
    ///
    /// # Errors
    /// If the system gives no thread or no reactor.
    pub fn new() -> io::Result<Self> {
        Self::builder().build()
    }

    /// Settings of a runtime to be.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Spawns a fiber.
    ///
    /// # Panics
    /// If the runtime has been shut down.
    #[track_caller]
    pub fn spawn<F, T>(&self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.handle.spawn(f)
    }

    /// Runs `f` as a fiber of this runtime, and waits for its end: a bare thread blocks, a fiber parks. `f` may borrow. The
    /// fibers that it spawns are not waited for.
    ///
    /// # Panics
    /// With the panic of `f`; or if the runtime has been shut down.
    #[track_caller]
    pub fn run<F, T>(&self, f: F) -> T
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        run::run_on(&self.handle, f)
    }

    /// A handle that spawns from anywhere.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Lets the runtime run for the rest of the process, and gives a handle to it.
    pub fn leak(self) -> Handle {
        let runtime = std::mem::ManuallyDrop::new(self);
        runtime.handle.clone()
    }

    /// Takes no more work, asks all fibers to end, by value, and waits for them up to `timeout`. Fresh tasks are dropped
    /// unrun, and their `join` gives an error. On a fiber of this runtime it does not wait for that fiber. Every call after
    /// the first returns at once.
    ///
    /// # Errors
    /// The fibers that have not ended. They are leaked, each with its stack and its worker's thread; a `scope`, `run` or
    /// `blocking` that waits for one never returns.
    pub fn shutdown_timeout(&self, timeout: Duration) -> Result<(), StillRunning> {
        let threads = self.threads.lock().unwrap_or_else(|error| error.into_inner()).take();
        match threads {
            Some(threads) => shutdown::shut_down(&self.handle.crew, threads, timeout),
            None => Ok(()),
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Err(still_running) = self.shutdown_timeout(DROP_TIMEOUT) {
            eprintln!("sisal: dropped a runtime: {still_running}");
        }
    }
}

impl Handle {
    pub(crate) fn crew(&self) -> &Arc<Crew> {
        &self.crew
    }

    /// Spawns a fiber on the handle's runtime.
    ///
    /// # Panics
    /// If the runtime has been shut down; [`spawn::Builder::spawn_on`](crate::Builder::spawn_on) gives an error instead.
    #[track_caller]
    pub fn spawn<F, T>(&self, f: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        match spawn::Builder::new().spawn_on(self, f) {
            Ok(handle) => handle,
            Err(error) => panic!("cannot spawn a fiber: {error} (spawned at {})", Location::caller()),
        }
    }

    /// How many workers the runtime has.
    pub fn workers(&self) -> usize {
        self.crew.members.len()
    }

    /// How deep the stacks of its fibers have been, by the place where they were spawned, for those that have ended; those
    /// first that come nearest to their stacks' ends.
    ///
    /// It is measured in debug builds (which need more than others), and elsewhere with `SISAL_STACK_STATS=1` in the
    /// environment: then the table is also written to stderr when the runtime ends, for the default runtime at the end of
    /// the process. Otherwise it is empty. It costs some microseconds a fiber.
    ///
    /// ```
    /// let runtime = sisal_scheduler::Runtime::builder().workers(1).build().unwrap();
    /// runtime.spawn(|| std::hint::black_box([1_u8; 20_000]).len()).join().unwrap();
    /// for row in runtime.handle().stack_use() {
    ///     assert!((20_000..60_000).contains(&row.deepest), "{row:?}");
    /// }
    /// ```
    pub fn stack_use(&self) -> Vec<StackUse> {
        self.crew.stack_use.as_ref().map(Ledger::table).unwrap_or_default()
    }

    /// How many of its fibers have started and not yet ended.
    pub fn live_fibers(&self) -> usize {
        self.crew.live()
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("workers", &self.workers())
            .field("live_fibers", &self.live_fibers())
            .finish_non_exhaustive()
    }
}
