//! An agent for models: it waits as a fiber does, and time passes for it only while it waits for that.
//!
//! Knows nothing of what is waited for. It differs from a bare thread, which it wraps, where loom would make nonsense of
//! that: it never looks again before it parks (each look multiplies the executions), its choices are the same in every
//! execution, and a park with a deadline gives up at once, which is the moment at which a timeout is hardest.

use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use sisal_base::sync::{Arc, thread};
use sisal_park::cancel::CancelScopes;
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, AgentId, Cancellable, Outcome, Parking, Reason, Waker, Word, agent};
use std::cell::Cell;
use std::ptr::NonNull;
use std::time::Instant;

/// How often an agent has begun to park, for others to see: who sees a park begun knows that its waiter stands in line. It
/// orders nothing, but loom sees it, so that it tries what comes of either answer.
#[derive(Clone, Debug)]
pub struct Parks(Arc<AtomicUsize>);

impl Parks {
    /// None yet.
    pub fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    /// How many have begun.
    pub fn begun(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for Parks {
    fn default() -> Self {
        Self::new()
    }
}

struct ModelAgent {
    own: ThreadAgent,
    parks: Option<Parks>,
    time: Cell<Instant>,
}

impl Agent for ModelAgent {
    fn id(&self) -> AgentId {
        self.own.id()
    }

    fn begin_park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Parking<'_> {
        if let Some(Parks(begun)) = &self.parks {
            begun.fetch_add(1, Ordering::Relaxed);
        }
        match deadline {
            Some(deadline) => {
                self.time.set(deadline.max(self.time.get()));
                Parking::Over(Outcome::TimedOut)
            }
            None => self.own.begin_park(None, reason, cancellable),
        }
    }

    fn waker(&self) -> Waker {
        self.own.waker()
    }

    fn word(&self) -> &Word {
        self.own.word()
    }

    fn yield_now(&self) {
        self.own.yield_now();
    }

    fn spend(&self) {}

    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        job();
    }

    fn now(&self) -> Instant {
        self.time.get()
    }

    fn choose(&self, _bound: usize) -> usize {
        0
    }

    fn cancel_scopes(&self) -> &CancelScopes {
        self.own.cancel_scopes()
    }

    fn spins(&self) -> u32 {
        0
    }
}

/// Runs `f` in the name of a new agent.
pub fn with_agent<R>(f: impl FnOnce() -> R) -> R {
    with_agent_seen(None, f)
}

fn with_agent_seen<R>(parks: Option<Parks>, f: impl FnOnce() -> R) -> R {
    let agent = ModelAgent { own: ThreadAgent::new(), parks, time: Cell::new(Instant::now()) };
    let agent: &dyn Agent = &agent;
    // SAFETY: only the lifetime goes, and it is uninstalled before `agent` ends. (A model that unwinds installs nothing more
    // in its thread, whose slot ends with the execution.)
    let agent =
        unsafe { std::mem::transmute::<NonNull<dyn Agent + '_>, NonNull<dyn Agent>>(NonNull::from(agent)) };
    // SAFETY: as above, and `f` runs in its name.
    let before = unsafe { agent::install(Some(agent)) };
    let result = f();
    // SAFETY: what was installed before lives on, as it would have without us.
    unsafe { agent::install(before) };
    result
}

/// A thread that runs `f` in the name of an agent of its own.
pub fn spawn<T: 'static>(f: impl FnOnce() -> T + 'static) -> thread::JoinHandle<T> {
    thread::spawn(move || with_agent(f))
}

/// [`spawn`], and the parks of that agent.
pub fn spawn_seen<T: 'static>(f: impl FnOnce() -> T + 'static) -> (thread::JoinHandle<T>, Parks) {
    let parks = Parks::new();
    let theirs = parks.clone();
    (thread::spawn(move || with_agent_seen(Some(theirs), f)), parks)
}

/// `n` threads that run `f` on what they share, each in the name of an agent of its own.
pub fn spawn_each<S: 'static>(n: usize, shared: &Arc<S>, f: fn(&S, usize)) -> Vec<thread::JoinHandle<()>> {
    (0..n)
        .map(|index| {
            let shared = shared.clone();
            spawn(move || f(&shared, index))
        })
        .collect()
}
