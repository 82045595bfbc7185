//! Settings of a runtime to be, and its start.
//!
//! Knows nothing of its end.

use super::{Handle, Runtime, Threads, every, global, shutdown};
use crate::blocking::{self, BlockingPool};
use crate::crew::{Crew, CrewWatch, FRESH_MAX, Limits, Member, WakeLimit};
use crate::deadlock::{DeadlockWatch, Runners};
use crate::dump::Desk;
use crate::hog::{self, Watch};
use crate::injector::Injector;
use crate::lifecycle::Lifecycle;
use crate::live::LiveTable;
use crate::metrics::Counters;
use crate::monitor::Monitor;
use crate::panic_hook;
use crate::panic_policy::{PanicPolicy, Policy};
use crate::post::Post;
use crate::stack_use::{Ledger, Measure};
use crate::task::{Depot, Task};
use crate::trace::{Recorder, Tape, Trace};
use crate::worker::Worker;
use sisal_base::CachePadded;
use sisal_base::process_fence;
use sisal_base::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use sisal_coro::Class;
use sisal_queue::{Idle, Local, deque};
use sisal_reactor::Reactor;
use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// More workers than that would be a mistake in a number.
const WORKERS_MAX: usize = 1024;
/// The stack of a fiber whose builder says nothing; see `sisal-coro` for what fits. Frames of code that was not optimised are some
/// four times as large.
const STACK_SIZE: usize = if cfg!(debug_assertions) { 256 * 1024 } else { 64 * 1024 };
/// The stack of the fibers of `run`, `main` and `test`: what the main thread would have.
const ROOT_STACK_SIZE: usize = 8 * 1024 * 1024;

/// Settings of a [`Runtime`], as [`std::thread::Builder`].
///
/// ```
/// let runtime = sisal_scheduler::runtime::Builder::new().workers(1).thread_name("web").build().unwrap();
/// assert_eq!(runtime.handle().workers(), 1);
/// ```
#[derive(Default)]
pub struct Builder {
    workers: Option<usize>,
    stack_size: Option<usize>,
    root_stack_size: Option<usize>,
    fibers_max: Option<usize>,
    blocking_threads: Option<usize>,
    blocking_keep_alive: Option<Duration>,
    thread_name: Option<String>,
    on_thread_start: Option<Box<dyn Fn(usize) + Send + Sync>>,
    migrate: bool,
    on_panic: PanicPolicy,
    chaos: Option<u64>,
    hog_threshold: Option<Duration>,
    detect_deadlock: bool,
    timer_slack: Option<Duration>,
    trace: Option<Trace>,
}

/// A worker's ends of its queues, before its thread has started.
pub(crate) type Ends = (Local<Task, FRESH_MAX>, Local<Task, FRESH_MAX>);

impl Builder {
    /// The defaults: `SISAL_WORKERS` or as many workers as there are CPUs, stacks of 64 KiB, in debug builds of 256 KiB
    /// (`SISAL_STACK_SIZE`).
    pub fn new() -> Self {
        Self::default()
    }

    /// How many workers run fibers.
    pub fn workers(mut self, count: usize) -> Self {
        self.workers = Some(count);
        self
    }

    /// The size in bytes of the stacks of fibers whose builder says nothing; 64 KiB if not set, in debug builds 256 KiB, since
    /// ordinary libraries need that there (compiling a regular expression 124 KiB, optimised 24).
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// The size in bytes of the stacks of the fibers of `run`, `#[main]` and `#[test]`; 8 MiB if not set.
    pub fn root_stack_size(mut self, bytes: usize) -> Self {
        self.root_stack_size = Some(bytes);
        self
    }

    /// How many fibers there may be at once, those included that wait for their start; beyond it spawning is an error. No limit if not set.
    /// Where workers take fibers from each other at the same moment, or fibers migrate, some hundred more may be let in. To wait instead,
    /// use `fiber::Limit`.
    pub fn max_fibers(mut self, count: usize) -> Self {
        self.fibers_max = Some(count);
        self
    }

    /// How many threads [`blocking`](crate::blocking) may use at once; 512 if not set. Calls beyond that wait in order. A
    /// call that itself waits through sisal's channels or locks does not count meanwhile, so that calls which wait for one
    /// another come to their end however few threads there are.
    pub fn blocking_threads(mut self, count: usize) -> Self {
        self.blocking_threads = Some(count);
        self
    }

    /// How long a thread of the blocking pool stays when it has nothing to do; 5 s if not set.
    pub fn blocking_keep_alive(mut self, duration: Duration) -> Self {
        self.blocking_keep_alive = Some(duration);
        self
    }

    /// The name of the workers' threads, to which their index is added; `sisal` if not set.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = Some(name.into());
        self
    }

    /// Called on each worker's thread, with its index, before it runs fibers. If it panics, the worker goes on without.
    pub fn on_thread_start(mut self, f: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_thread_start = Some(Box::new(f));
        self
    }

    /// What to do about a fiber that has panicked and that nobody joins; a line on stderr if not set. (In a
    /// [`scope`](crate::scope()), such a panic goes to the scope.)
    ///
    /// ```
    /// use sisal_scheduler::runtime::{Builder, PanicPolicy};
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let callback = move |panic: &sisal_scheduler::runtime::UnjoinedPanic<'_>| {
    ///     let _ = tell.send(panic.message().map(str::to_owned));
    /// };
    /// let runtime = Builder::new().workers(1).on_panic(PanicPolicy::Callback(Box::new(callback))).build().unwrap();
    /// drop(runtime.spawn(|| panic!("on purpose")));
    /// assert_eq!(told.recv().unwrap().as_deref(), Some("on purpose"));
    /// ```
    pub fn on_panic(mut self, policy: PanicPolicy) -> Self {
        self.on_panic = policy;
        self
    }

    /// Whether started fibers may move to other workers, as goroutines do.
    ///
    /// # Safety
    /// With `true`: no code that runs on a fiber of this runtime keeps a thread-bound value (an `Rc`, a guard of a std
    /// lock, `rand::rng()`), or the address of a thread-local, across a suspension; and that includes what libraries do.
    pub unsafe fn migrate_started_fibers(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// How long a fiber may run without giving way before the monitor says so on stderr: who, spawned where, and, on Linux,
    /// in which function. 100 ms if not set; [`Duration::MAX`] for never.
    ///
    /// A fiber that computes for long gives way by [`checkpoint`](crate::checkpoint) now and then, or does it in
    /// [`blocking`](crate::blocking). Meanwhile other workers take the hog's fresh work, and the monitor sees to its
    /// sockets; its started fibers wait, and those that must start there (`spawn_local`, [`home`](crate::Builder::home),
    /// [`near`](crate::Builder::near)).
    pub fn hog_threshold(mut self, time: Duration) -> Self {
        self.hog_threshold = Some(time);
        self
    }

    /// How late a timer may fire, of a sleep or a deadline, for the sake of others: a worker that has nothing to do until the next one
    /// sleeps this long at least, so that one wake-up serves all that are due meanwhile. A socket, or another fiber, wakes it all the
    /// same. If not set, 100 µs for a worker that has 256 timers or more, and nothing for fewer; with [`Duration::ZERO`] each fires in
    /// its time, to 16 µs.
    ///
    /// A larger one saves CPU time where very many fibers sleep. Measured with 20,000 that sleep 1 to 100 ms, ten times each, on two workers:
    /// 330 to 370 ms of CPU time and 0.2 ms late at the 99th percentile if not set, 170 to 190 ms and 1.1 ms late with a millisecond.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let runtime = sisal_scheduler::runtime::Builder::new().timer_slack(Duration::from_millis(1)).build().unwrap();
    /// runtime.run(|| sisal_scheduler::sleep(Duration::from_micros(10))); // for about a millisecond
    /// ```
    pub fn timer_slack(mut self, time: Duration) -> Self {
        self.timer_slack = Some(time);
        self
    }

    /// Whether to end the process when all fibers of this runtime wait and nobody is left who could wake one: with a panic
    /// that carries the [dump](crate::dump) (names, where each was spawned, what it waits for), then an abort. Off if not
    /// set.
    ///
    /// There is no alarm while a fiber waits for a deadline, a descriptor or a blocking call; nor while the process has any
    /// thread besides this runtime's own and those that wait in [`run`](crate::run) or [`Runtime::run`], for any other may
    /// hold a sender, a handle or a cloned waker. That all fibers wait for such a thread is said once, on stderr and with the
    /// dump. So it is for programs that live on fibers alone, one runtime, and the
    /// thread of `main`. What comes from outside the process otherwise (a handler of a signal that wakes a fiber by itself)
    /// is yours to leave out. On systems other than Linux, which do not list their threads, it has no effect.
    ///
    /// The monitor then ticks also while all is asleep, as long as fibers live.
    ///
    /// ```
    /// let runtime = sisal_scheduler::runtime::Builder::new().workers(1).detect_deadlock(true).build().unwrap();
    /// assert_eq!(runtime.run(|| sisal_scheduler::spawn(|| 1).join().unwrap()), 1);
    /// ```
    pub fn detect_deadlock(mut self, detect: bool) -> Self {
        self.detect_deadlock = detect;
        self
    }

    /// For tests: makes choices that are right but unlikely, drawn from `seed`, so that rare orders come often. Fibers run
    /// in another order, are stolen sooner, woken later, and return early from `park`. It slows everything down.
    ///
    /// With a seed in the environment, `SISAL_CHAOS=7`, every runtime does it whose builder says nothing. The threads
    /// still race, so a seed gives another run, not the same one each time.
    ///
    /// ```
    /// let runtime = sisal_scheduler::runtime::Builder::new().workers(2).chaos(7).build().unwrap();
    /// assert_eq!(runtime.run(|| sisal_scheduler::spawn(|| 1 + 1).join().unwrap()), 2);
    /// ```
    pub fn chaos(mut self, seed: u64) -> Self {
        self.chaos = Some(seed);
        self
    }

    /// Records which fiber runs where and what each waits for, and writes it into a file that Perfetto opens; see [`Trace`] for how much,
    /// and when. A path alone will do.
    ///
    /// With `SISAL_TRACE=out.json` in the environment, the first runtime does it that is built and whose builder says nothing; and with
    /// `SISAL_TRACE_SECONDS=5` beside it, as a flight recorder of the last five seconds.
    pub fn trace(mut self, trace: impl Into<Trace>) -> Self {
        self.trace = Some(trace.into());
        self
    }

    /// Starts the runtime. The first one of a process puts a line before the message of each panic in a fiber, which says whose it is, by a
    /// panic hook that calls the one before; a hook that you set afterwards takes its place. By two panics of its own, of which nobody
    /// hears, it finds out from where hooks are called: waits inside of one block their OS thread.
    ///
    /// # Errors
    /// If a setting is out of bounds, or the system gives no thread or no reactor.
    pub fn build(mut self) -> io::Result<Runtime> {
        panic_hook::prepare();
        let workers = self.worker_count()?;
        let trace = self.settle_trace()?;
        let name = self.thread_name.take().unwrap_or_else(|| "sisal".to_owned());
        if name.contains('\0') {
            return Err(invalid(format!(
                "{name:?} has a NUL, and a thread's name none (Builder::thread_name)"
            )));
        }
        let reactors = (0..workers).map(|_| Reactor::new()).collect::<io::Result<Vec<_>>>()?;
        let (crew, ends) = self.crew(reactors)?;
        every::add(&crew);
        if let Some(trace) = trace {
            trace.begin(&crew);
            global::write_traces_at_exit();
        }
        let mut threads = Threads::default();
        let started = start_threads(&crew, ends, &name, self.on_thread_start.map(Arc::from), &mut threads);
        if let Err(error) = started {
            let ended = crew.members.iter().skip(threads.workers.len());
            // Those that never started count as ended.
            ended.for_each(|member| crew.lifecycle.worker_has_ended(member));
            let _ = shutdown::shut_down(&crew, threads, Duration::from_secs(1));
            return Err(error);
        }
        Ok(Runtime { handle: Handle { crew }, threads: Mutex::new(Some(threads)) })
    }

    /// Starts the runtime as the default one, which [`run`](crate::run) and [`spawn`](crate::spawn) use.
    ///
    /// # Errors
    /// As [`build`](Self::build); and if there is a default runtime already.
    pub fn build_global(self) -> io::Result<()> {
        super::global::set(self.build()?)
    }

    /// The file that is to be written, if there is one.
    fn settle_trace(&mut self) -> io::Result<Option<Trace>> {
        if self.trace.is_none() {
            self.trace = trace_from_env()?;
        }
        match self.trace.as_ref().and_then(Trace::complaint) {
            Some(complaint) => Err(invalid(complaint)),
            None => Ok(self.trace.clone()),
        }
    }

    fn worker_count(&self) -> io::Result<usize> {
        let count = match self.workers {
            Some(count) => count,
            None => number_from_env("SISAL_WORKERS")?.unwrap_or_else(num_cpus::get),
        };
        if (1..=WORKERS_MAX).contains(&count) {
            return Ok(count);
        }
        Err(invalid(format!("{count} workers: Builder::workers or SISAL_WORKERS takes 1 to {WORKERS_MAX}")))
    }

    /// What the workers will share, and their ends of it: one for each reactor.
    pub(crate) fn crew(&mut self, reactors: Vec<Arc<Reactor>>) -> io::Result<(Arc<Crew>, Vec<Ends>)> {
        let stack_size = match self.stack_size {
            Some(bytes) => bytes,
            None => number_from_env("SISAL_STACK_SIZE")?.unwrap_or(STACK_SIZE),
        };
        let chaos = match self.chaos {
            Some(seed) => Some(seed),
            None => number_from_env("SISAL_CHAOS")?,
        };
        let stack_use = Ledger::new(Measure::from_number(number_from_env("SISAL_STACK_STATS")?));
        let limits = Limits {
            class: Class::for_size(stack_size)
                .map_err(|error| invalid(format!("{error} (Builder::stack_size, SISAL_STACK_SIZE)")))?,
            root_class: Class::for_size(self.root_stack_size.unwrap_or(ROOT_STACK_SIZE))
                .map_err(|error| invalid(format!("{error} (Builder::root_stack_size)")))?,
            fibers_max: self.fibers_max.unwrap_or(usize::MAX),
            migrate: self.migrate,
            chaos,
            hog_threshold: self.hog_threshold.unwrap_or(hog::THRESHOLD),
            detect_deadlock: self.detect_deadlock,
            timer_slack: self.timer_slack,
        };
        let blocking_threads = self.blocking_threads.unwrap_or(blocking::THREADS_MAX);
        if blocking_threads == 0 {
            return Err(invalid("0 blocking threads: it takes 1 at least".to_owned()));
        }
        let (mut members, mut ends) = (Vec::new(), Vec::new());
        for (index, reactor) in reactors.into_iter().enumerate() {
            let (fresh, fresh_stealer) = deque();
            let (movable, movable_stealer) = deque();
            ends.push((fresh, movable));
            members.push(CachePadded::new(Member {
                post: Post::take(index, Arc::clone(&reactor)),
                fresh: fresh_stealer,
                movable: movable_stealer,
                live: CachePadded::new(LiveTable::new(self.migrate)),
                reactor,
                counters: Arc::new(CachePadded::new(Counters::new())),
                thread: AtomicU64::new(0),
                desk: Desk::new(),
                tape: Tape::new(),
                sent: sisal_base::sync::Mutex::new(VecDeque::new()),
                was_sent_some: AtomicBool::new(false),
                is_held: AtomicBool::new(false),
                owes_later: AtomicBool::new(false),
                noticed_close: AtomicBool::new(false),
                ended: AtomicBool::new(false),
                leaked: sisal_base::sync::Mutex::new(Vec::new()),
            }));
        }
        let keep_alive = self.blocking_keep_alive.unwrap_or(blocking::KEEP_ALIVE);
        let crew = Arc::new_cyclic(|crew| Crew {
            number: every::next_number(),
            members: members.into_boxed_slice(),
            injector: Injector::new(),
            depot: Arc::new(Depot::new()),
            idle: Idle::new(),
            wake_limit: WakeLimit::new(),
            monitor: Monitor::new(),
            blocking: BlockingPool::new(blocking_threads, keep_alive, Weak::clone(crew)),
            lifecycle: Lifecycle::new(),
            limits,
            spawned_elsewhere: AtomicU64::new(0),
            recorder: Recorder::new(self.trace.take(), Instant::now()),
            runners: Runners::new(),
            is_out_of_stacks: AtomicBool::new(false),
            stack_use,
            panic_policy: Policy::new(std::mem::take(&mut self.on_panic), Weak::clone(crew)).map(Arc::new),
        });
        Ok((crew, ends))
    }
}

fn start_threads(
    crew: &Arc<Crew>,
    ends: Vec<Ends>,
    name: &str,
    on_start: Option<Arc<dyn Fn(usize) + Send + Sync>>,
    threads: &mut Threads,
) -> io::Result<()> {
    process_fence::enable_if_cheap();
    for (index, (fresh, movable)) in ends.into_iter().enumerate() {
        let (crew, on_start) = (Arc::clone(crew), on_start.clone());
        let life = move || {
            if let Some(on_start) = on_start {
                // The hook reports its panic; the worker is needed all the same. A payload's drop may panic again.
                let _ = catch_unwind(AssertUnwindSafe(|| on_start(index))).map_err(std::mem::forget);
            }
            worker_thread(index, crew, fresh, movable);
        };
        threads.workers.push(thread::Builder::new().name(format!("{name}-{index}")).spawn(life)?);
    }
    let watch_crew = Arc::clone(crew);
    let life = move || {
        let watches = watch_crew.members.iter().map(|_| Watch::new()).collect();
        let watch = CrewWatch {
            crew: watch_crew,
            watches,
            late_seen: Cell::new(0),
            deadlock: DeadlockWatch::default(),
        };
        watch.crew.monitor.run(&watch);
    };
    threads.monitor = Some(thread::Builder::new().name(format!("{name}-monitor")).spawn(life)?);
    Ok(())
}

/// A worker's OS thread, from its start to its end.
fn worker_thread(
    index: usize,
    crew: Arc<Crew>,
    fresh: Local<Task, FRESH_MAX>,
    movable: Local<Task, FRESH_MAX>,
) {
    crew.members[index].thread.store(hog::own_thread(), Ordering::Release);
    let worker = Worker::new(index, Arc::clone(&crew), fresh, movable, None);
    worker.run();
    let member = &crew.members[index];
    let leaked = member.live.count() > 0;
    crew.lifecycle.worker_has_ended(member);
    if leaked {
        // A leaked fiber's frames may hold the addresses of this thread's locals, which therefore are never destroyed.
        loop {
            thread::park();
        }
    }
}

/// The trace of the first runtime that is built: a second one would write over it.
fn trace_from_env() -> io::Result<Option<Trace>> {
    static IS_TAKEN: AtomicBool = AtomicBool::new(false);
    let Some(path) = std::env::var_os("SISAL_TRACE").filter(|path| !path.is_empty()) else { return Ok(None) };
    let seconds = number_from_env("SISAL_TRACE_SECONDS")?;
    if IS_TAKEN.swap(true, Ordering::Relaxed) {
        return Ok(None);
    }
    let trace = Trace::to(path);
    Ok(Some(match seconds {
        Some(seconds) => trace.last(Duration::from_secs(seconds)),
        None => trace,
    }))
}

/// The number in an environment variable.
fn number_from_env<T: std::str::FromStr>(name: &str) -> io::Result<Option<T>> {
    match std::env::var(name) {
        Err(_) => Ok(None),
        Ok(text) => match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(invalid(format!("{name}={text:?} is not a number in digits alone"))),
        },
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("workers", &self.workers)
            .field("stack_size", &self.stack_size)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}
