//! The blocking pool: OS threads for calls that block.
//!
//! Knows nothing of workers. A thread is started when a job comes and none is idle, up to a bound; one that has been idle
//! for [`KEEP_ALIVE`] ends. Jobs beyond the bound wait in order.
//!
//! *A full pool is no deadlock.* Jobs may wait for one another through sisal's channels and locks, and the one that all wait
//! for may stand behind them in the queue. So a thread whose job parks does not count towards the bound: if jobs are queued
//! then, one more thread is started (`PoolAgent` tells). When those that were parked come back there are too many threads;
//! each that ends its job then ends too, until the bound holds again. What a job waits for in the kernel, or through std's
//! own channels, is not seen.
//!
//! | a thread is | counted in | left by |
//! |---|---|---|
//! | idle | `threads`, `idle` | a job, or `KEEP_ALIVE` |
//! | busy | `threads` | the end of its job, or a park inside it |
//! | waiting, in the middle of its job | `threads`, `waiting` | the wake-up |

use crate::crew::Crew;
use crate::current;
use crate::metrics::BlockingMetrics;
use crate::pool_agent::PoolAgent;
use sisal_base::sync::{Condvar, Mutex, MutexGuard, wait_until};
use sisal_park::{Agent, Cancellable, Completion, Reason};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// Threads at the most, if the builder says nothing else.
pub(crate) const THREADS_MAX: usize = 512;
/// How long a thread waits for its next job, if the builder says nothing else.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// A call that blocks, and does not unwind.
pub(crate) type Call = Box<dyn FnOnce() + Send>;

/// A closure on its caller's stack, whose frame stays until the call is over.
struct Borrowed(*mut (dyn FnMut() + Send));

// SAFETY: the closure is `Send`, and called by one thread.
unsafe impl Send for Borrowed {}

impl Borrowed {
    /// # Safety
    /// The closure is there, and nobody else calls it.
    unsafe fn call(self) {
        // SAFETY: the caller's promise.
        unsafe { (*self.0)() }
    }
}

struct Job {
    number: u64,
    call: Call,
}

struct State {
    jobs: VecDeque<Job>,
    /// Of the next job.
    number: u64,
    threads: usize,
    idle: usize,
    waiting: usize,
    stopped: bool,
}

/// A runtime's threads for blocking calls.
pub(crate) struct BlockingPool {
    threads_max: usize,
    keep_alive: Duration,
    /// Whose pool it is: what its jobs spawn is spawned there.
    crew: Weak<Crew>,
    state: Mutex<State>,
    work: Condvar,
}

impl BlockingPool {
    pub(crate) fn new(threads_max: usize, keep_alive: Duration, crew: Weak<Crew>) -> Arc<Self> {
        let state =
            State { jobs: VecDeque::new(), number: 0, threads: 0, idle: 0, waiting: 0, stopped: false };
        Arc::new(Self { threads_max, keep_alive, crew, state: Mutex::new(state), work: Condvar::new() })
    }

    /// Runs `call` on a thread of the pool and parks `agent` until it has returned. If there is no thread, and the system
    /// gives none, `call` runs right here.
    pub(crate) fn run(self: &Arc<Self>, agent: &dyn Agent, call: &mut (dyn FnMut() + Send)) {
        // SAFETY: only the lifetime goes: this function does not return before `call` has.
        let borrowed = Borrowed(unsafe {
            std::mem::transmute::<*mut (dyn FnMut() + Send + '_), *mut (dyn FnMut() + Send + 'static)>(call)
        });
        let done = Arc::new(Completion::new());
        let told = Arc::clone(&done);
        let job = move || {
            // SAFETY: the caller waits for `done`, and this job is run once.
            unsafe { borrowed.call() };
            if let Some(waker) = told.complete() {
                waker.wake();
            }
        };
        if let Err(job) = self.submit(Box::new(job)) {
            return job();
        }
        while !done.is_done() {
            // SAFETY: one agent waits.
            let _ = unsafe { done.wait(agent, None, Reason::Blocking, Cancellable::Never) };
        }
    }

    /// Hands `call` to a thread.
    ///
    /// # Errors
    /// The call, if there is no thread and none can be started, or the pool has stopped.
    pub(crate) fn submit(self: &Arc<Self>, call: Call) -> Result<(), Call> {
        let mut state = self.state.lock();
        if state.stopped {
            return Err(call);
        }
        let number = state.number;
        state.number += 1;
        state.jobs.push_back(Job { number, call });
        if self.grow(&mut state).is_ok() || state.threads > 0 {
            return Ok(());
        }
        // Nobody will ever take it. It may be gone all the same: another's `submit` may have had more luck meanwhile.
        match state.jobs.iter().position(|job| job.number == number) {
            Some(index) => Err(state.jobs.remove(index).expect("it was found there").call),
            None => Ok(()),
        }
    }

    /// Sees that somebody takes what is queued: an idle thread, a new one, or, at the bound, whoever is done first.
    fn grow(self: &Arc<Self>, state: &mut MutexGuard<'_, State>) -> io::Result<()> {
        self.work.notify_one();
        if state.idle >= state.jobs.len() || state.threads - state.waiting >= self.threads_max {
            return Ok(());
        }
        state.threads += 1;
        let pool = Arc::clone(self);
        let builder = thread::Builder::new().name("sisal-blocking".into());
        // Outside the lock: it takes 20,000 ns and more.
        let started = MutexGuard::unlocked(state, || builder.spawn(move || pool.live()));
        if let Err(error) = started {
            state.threads -= 1;
            return Err(error);
        }
        Ok(())
    }

    /// A thread of the pool.
    fn live(self: Arc<Self>) {
        current::enter_pool(self.crew.clone());
        PoolAgent::new(Arc::clone(&self)).speak_while(|| self.work());
    }

    fn work(&self) {
        let mut state = self.state.lock();
        loop {
            if state.threads - state.waiting > self.threads_max {
                // One too many. If it was this one that was told of a job, another must be.
                self.work.notify_one();
                break;
            }
            if let Some(job) = state.jobs.pop_front() {
                MutexGuard::unlocked(&mut state, job.call);
                continue;
            }
            if state.stopped {
                break;
            }
            state.idle += 1;
            let deadline = Instant::now().checked_add(self.keep_alive);
            // Without a deadline that a clock can show: a century.
            let deadline = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(3_200_000_000));
            let timed_out = wait_until(&self.work, &mut state, deadline);
            state.idle -= 1;
            if timed_out && state.jobs.is_empty() {
                break;
            }
        }
        state.threads -= 1;
    }

    /// A job is about to park.
    pub(crate) fn job_waits(self: &Arc<Self>) {
        let mut state = self.state.lock();
        state.waiting += 1;
        if !state.jobs.is_empty() {
            // An error: as before, whoever is done first takes it.
            let _ = self.grow(&mut state);
        }
    }

    /// A job has been woken.
    pub(crate) fn job_goes_on(&self) {
        self.state.lock().waiting -= 1;
    }

    /// The pool's figures.
    pub(crate) fn metrics(&self) -> BlockingMetrics {
        let state = self.state.lock();
        BlockingMetrics {
            threads: state.threads as u64,
            idle: state.idle as u64,
            queued: state.jobs.len() as u64,
            calls: state.number,
        }
    }

    /// Lets the idle threads end; what was submitted is still done.
    pub(crate) fn stop(&self) {
        self.state.lock().stopped = true;
        self.work.notify_all();
    }
}
