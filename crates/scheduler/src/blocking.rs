//! The blocking pool: OS threads for calls that block.
//!
//! Knows nothing of workers. A thread is started when a job comes and none is idle, up to a bound; one that has been idle
//! for [`IDLE_MAX`] ends. Jobs beyond the bound wait in order: each running job ends by itself, so none waits for ever,
//! unless jobs wait for one another.

use sisal_base::sync::{Condvar, Mutex, wait_until};
use sisal_park::{Agent, Cancellable, Completion, Reason};
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Threads at the most, if the builder says nothing else.
pub(crate) const THREADS_MAX: usize = 512;
/// How long a thread waits for its next job.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// A closure on its caller's stack, and the end that the caller waits for.
struct Job {
    /// The caller's closure, whose frame stays until `done`.
    call: *mut (dyn FnMut() + Send),
    done: Completion,
}

// SAFETY: the closure is `Send`, and run by one thread; the completion is made for two.
unsafe impl Send for Job {}
// SAFETY: as above.
unsafe impl Sync for Job {}

impl Job {
    fn run(&self) {
        // SAFETY: the caller waits for `done`, so the closure is there; it is called once, by the thread that took the job.
        unsafe { (*self.call)() };
        if let Some(waker) = self.done.complete() {
            waker.wake();
        }
    }
}

struct State {
    jobs: VecDeque<Arc<Job>>,
    threads: usize,
    idle: usize,
    stopped: bool,
}

/// A runtime's threads for blocking calls.
pub(crate) struct BlockingPool {
    threads_max: usize,
    state: Mutex<State>,
    work: Condvar,
}

impl BlockingPool {
    pub(crate) fn new(threads_max: usize) -> Arc<Self> {
        let state = State { jobs: VecDeque::new(), threads: 0, idle: 0, stopped: false };
        Arc::new(Self { threads_max, state: Mutex::new(state), work: Condvar::new() })
    }

    /// Runs `call` on a thread of the pool and parks `agent` until it has returned. If there is no thread, and the system
    /// gives none, `call` runs right here.
    pub(crate) fn run(self: &Arc<Self>, agent: &dyn Agent, call: &mut (dyn FnMut() + Send)) {
        // SAFETY: only the lifetime goes: this function does not return before `call` has.
        let call = unsafe {
            std::mem::transmute::<*mut (dyn FnMut() + Send + '_), *mut (dyn FnMut() + Send + 'static)>(call)
        };
        let job = Arc::new(Job { call, done: Completion::new() });
        if !self.submit(&job) {
            return job.run();
        }
        while !job.done.is_done() {
            // SAFETY: one agent waits.
            let _ = unsafe { job.done.wait(agent, None, Reason::Blocking, Cancellable::Never) };
        }
    }

    /// Hands the job to a thread; `false` if there is none and none can be started.
    fn submit(self: &Arc<Self>, job: &Arc<Job>) -> bool {
        let mut state = self.state.lock();
        if state.stopped {
            return false;
        }
        if state.idle > state.jobs.len() || state.threads == self.threads_max {
            state.jobs.push_back(Arc::clone(job));
            drop(state);
            self.work.notify_one();
            return true;
        }
        state.threads += 1;
        state.jobs.push_back(Arc::clone(job));
        drop(state);
        let pool = Arc::clone(self);
        if thread::Builder::new().name("sisal-blocking".into()).spawn(move || pool.work()).is_ok() {
            return true;
        }
        let mut state = self.state.lock();
        state.threads -= 1;
        if state.threads > 0 {
            return true;
        }
        // Nobody will ever take it; another's `submit` may have come between, and it takes its own back likewise.
        state.jobs.retain(|other| !Arc::ptr_eq(other, job));
        false
    }

    /// A thread of the pool.
    fn work(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                job.run();
                drop(job);
                state = self.state.lock();
                continue;
            }
            if state.stopped {
                break;
            }
            state.idle += 1;
            let timed_out = wait_until(&self.work, &mut state, Instant::now() + IDLE_MAX);
            state.idle -= 1;
            if timed_out && state.jobs.is_empty() {
                break;
            }
        }
        state.threads -= 1;
    }

    /// Lets the idle threads end; what was submitted is still done.
    pub(crate) fn stop(&self) {
        self.state.lock().stopped = true;
        self.work.notify_all();
    }
}
