//! What [`#[sisal::test]`](macro@crate::test) writes: a test whose body is a fiber, of a runtime or of simulations, and whose time is limited.
//!
//! Knows nothing of attributes: a test harness of another kind calls this by hand.
//!
//! A test that hangs says who waits for what, and fails. `SISAL_TEST_TIMEOUT=600` in the environment sets the limit of all tests, in seconds of
//! the real clock; 0 is none, for who stands in a debugger.

use crate::{dump, fiber, runtime, sim};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// Seeds of a simulated test that says nothing else.
pub const SEEDS: u64 = 100;

/// How long a test may take, if nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(60);
/// What a simulation that is stopped gets to say who waits for what.
const TIME_TO_STOP: Duration = Duration::from_secs(5);

/// A test to be run.
///
/// ```
/// use sisal::testing::Test;
/// use std::time::Duration;
///
/// let sum = Test::new("adds up").run(|| sisal::spawn(|| 1 + 1).join().unwrap());
/// assert_eq!(sum.unwrap(), 2);
///
/// let late = Test::new("hangs").timeout(Duration::from_millis(10)).run(sisal::fiber::park).unwrap_err();
/// assert!(late.to_string().contains("'hangs', parked"));
/// ```
#[derive(Clone, Debug)]
pub struct Test {
    name: String,
    timeout: Option<Duration>,
}

impl Test {
    /// A test of that path, as the harness writes it. What comes from `module_path!` begins with the crate, which is taken off.
    pub fn new(path: &str) -> Self {
        let name = path.split_once("::").map_or(path, |(_crate, name)| name).to_owned();
        Self { name, timeout: Some(TIMEOUT) }
    }

    /// How long it may take, on the real clock; 60 s if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Runs `f` as a fiber of the default runtime.
    ///
    /// # Errors
    /// If it has not ended in time. It is left where it is.
    ///
    /// # Panics
    /// With the panic of `f`.
    #[track_caller]
    pub fn run<F, T>(self, f: F) -> Result<T, Late>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_on(&runtime::default_handle(), f)
    }

    /// Runs `f` as a fiber of a runtime of its own, which is shut down then.
    ///
    /// # Errors
    /// As [`run`](Self::run). The runtime is leaked.
    ///
    /// # Panics
    /// As [`run`](Self::run); if the runtime cannot be started.
    #[track_caller]
    pub fn run_on<F, T>(self, runtime: runtime::Builder, f: F) -> Result<T, Late>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let runtime = runtime.build().unwrap_or_else(|error| panic!("the runtime cannot start: {error}"));
        let result = self.spawn_on(runtime.handle(), f);
        if result.is_err() {
            let _ = runtime.leak();
        }
        result
    }

    #[track_caller]
    fn spawn_on<F, T>(self, runtime: &runtime::Handle, f: F) -> Result<T, Late>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let spawned = fiber::Builder::new().name(self.name.clone()).root().spawn_on(runtime, f);
        let body = spawned.unwrap_or_else(|error| panic!("cannot run a fiber: {error}"));
        let result = match self.limit() {
            None => body.join(),
            Some(limit) => match body.join_timeout(limit) {
                Ok(result) => result,
                Err(_) => return Err(Late { name: self.name, limit, report: dump().to_string() }),
            },
        };
        Ok(result.unwrap_or_else(|payload| resume_unwind(payload)))
    }

    /// Runs `f` in a simulation for each of the seeds `0..seeds`, on a thread of their own; with `SISAL_SEED` in the environment, for that seed
    /// alone; with `SISAL_SEEDS`, for so many.
    ///
    /// ```
    /// use sisal::{sim, testing::Test};
    ///
    /// let joins = || assert_eq!(sisal::spawn(|| 1 + 1).join().unwrap(), 2);
    /// Test::new("adds up").simulate(sim::Builder::new().workers(3), 100, joins).unwrap();
    /// ```
    ///
    /// # Errors
    /// If all of them together have not ended in time.
    ///
    /// # Panics
    /// With the report of the first seed that fails (see [`sim::explore`]); if `SISAL_SEED` or `SISAL_SEEDS` is no number.
    pub fn simulate<F, T>(self, settings: sim::Builder, seeds: u64, f: F) -> Result<(), Late>
    where
        F: Fn() -> T + Send + 'static,
        T: Outcome,
    {
        let seeds = number_in("SISAL_SEEDS").unwrap_or(seeds);
        let progress = Arc::new(sim::Progress::new());
        let settings = settings.progress(Arc::clone(&progress));
        let (tell, ends) = mpsc::channel();
        let play = move || {
            let result = catch_unwind(AssertUnwindSafe(|| settings.explore(0..seeds, || f().check())));
            // Nobody hears it who has given up.
            let _ = tell.send(result);
        };
        let thread = thread::Builder::new().name(self.name.clone()).spawn(play);
        let _ = thread.unwrap_or_else(|error| panic!("no thread for a simulation: {error}"));
        let result = match self.limit() {
            None => ends.recv().ok(),
            Some(limit) => match ends.recv_timeout(limit) {
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    return Err(self.stop(limit, &progress, &ends));
                }
                result => result.ok(),
            },
        };
        result.expect("a simulation says how it has ended").unwrap_or_else(|payload| resume_unwind(payload));
        Ok(())
    }

    /// Its time is over.
    fn stop(
        self,
        limit: Duration,
        progress: &sim::Progress,
        ends: &mpsc::Receiver<thread::Result<()>>,
    ) -> Late {
        let at = progress.to_string();
        progress.stop();
        let report = match ends.recv_timeout(TIME_TO_STOP) {
            Ok(Err(payload)) => format!("{at}: {}", text(&*payload)),
            Ok(Ok(())) => format!("{at}: it has ended just now"),
            Err(_) => format!("{at}, computes and gives way to nobody"),
        };
        Late { name: self.name, limit, report }
    }

    /// The limit that holds: that of the environment, or its own.
    fn limit(&self) -> Option<Duration> {
        match number_in("SISAL_TEST_TIMEOUT") {
            None => self.timeout,
            Some(0) => None,
            Some(seconds) => Some(Duration::from_secs(seconds)),
        }
    }
}

fn number_in(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.trim().parse().unwrap_or_else(|_| panic!("{variable}={text:?} is not a number")))
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(a panic without a text)")
}

/// A test that has not ended in time, with what its fibers do.
pub struct Late {
    name: String,
    limit: Duration,
    report: String,
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the test {} has not ended within {:?}", self.name, self.limit)?;
        f.write_str(&self.report)
    }
}

/// As it reads, so that an `unwrap` shows it.
impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Late {}

/// What the body of a simulated test may return.
pub trait Outcome {
    /// # Panics
    /// If it says that the test has failed.
    fn check(self);
}

impl Outcome for () {
    fn check(self) {}
}

impl Outcome for ExitCode {
    fn check(self) {
        assert!(self == Self::SUCCESS, "the test has returned {self:?}");
    }
}

impl<T: Outcome, E: fmt::Debug> Outcome for Result<T, E> {
    fn check(self) {
        match self {
            Ok(value) => value.check(),
            Err(error) => panic!("the test has returned Err({error:?})"),
        }
    }
}
