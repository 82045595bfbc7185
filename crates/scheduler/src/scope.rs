//! Children that may borrow their parent's locals, because the parent does not return before they have ended.
//!
//! Knows nothing of how fibers run. A fiber's frame cannot be forgotten, so the borrow is sound where a future's is not.

use crate::handle::{Fiber, JoinHandle, Result};
use crate::spawn::Builder;
use crate::task::{Header, LastAct, Payload};
use sisal_base::sync::Mutex;
use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use sisal_park::cancel::{self, CancelFlag};
use sisal_park::{Agent, Cancellable, Reason, WakeKind, Waker, with_current};
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

/// Counts the children. Its own allocation: a child's last act touches it after the parent may have gone on.
struct Children {
    running: AtomicUsize,
    /// The first panic that nobody joined.
    panic: Mutex<Option<Payload>>,
    parent: Waker,
    /// Ends what waits in the scope.
    flag: Arc<CancelFlag>,
    /// The nearest deadline around the scope, which its children have too.
    deadline: Option<Instant>,
}

impl Children {
    fn new() -> Arc<Self> {
        with_current(|agent| {
            Arc::new(Self {
                running: AtomicUsize::new(0),
                panic: Mutex::new(None),
                parent: agent.waker(),
                flag: Arc::default(),
                deadline: agent.cancel_scopes().deadline(),
            })
        })
    }

    fn wait(&self, agent: &dyn Agent) {
        // Acquire: pairs with the Release in `LastAct::act`: what the children wrote.
        while self.running.load(Ordering::Acquire) > 0 {
            let _ = agent.park(None, Reason::Scope, Cancellable::Never);
        }
    }
}

/// A child's last act: the scope's counter falls.
struct Leave(Arc<Children>);

impl LastAct for Leave {
    const IS_NOTHING: bool = false;

    fn act(&self) {
        let children = &self.0;
        // Release: pairs with the Acquire in `Children::wait`. Acquire: the last wakes on behalf of all.
        if children.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            children.parent.wake_as(WakeKind::Back);
        }
    }

    fn unjoined_panic(&self, _header: &Header, payload: Payload) {
        let later = {
            let mut first = self.0.panic.lock();
            if first.is_none() { first.replace(payload) } else { Some(payload) }
        };
        drop(later);
    }
}

/// A scope in which fibers may borrow what lives longer than it; made by [`scope`].
pub struct Scope<'scope, 'env: 'scope> {
    children: Arc<Children>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// Runs `f` with a scope in which fibers may borrow from the caller's frame. Returns once `f` has returned and every fiber
/// of the scope has ended, as [`std::thread::scope`]. A cancel of the caller, and a deadline around the call, hold for the
/// scope's fibers too.
///
/// # Panics
/// After all children have ended: with the panic of `f`, or else with the first panic of a child that was not joined.
///
/// ```
/// let mut counts = vec![0; 4];
/// sisal_scheduler::scope(|s| {
///     for (index, count) in counts.iter_mut().enumerate() {
///         s.spawn(move || *count = index * index);
///     }
/// });
/// assert_eq!(counts, [0, 1, 4, 9]);
/// ```
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let scope = Scope::new();
    scope.run(|| f(&scope))
}

impl<'scope> Scope<'scope, '_> {
    pub(crate) fn new() -> Self {
        Self { children: Children::new(), scope: PhantomData, env: PhantomData }
    }

    /// Runs the scope's body, and waits for its fibers.
    pub(crate) fn run<T>(&self, body: impl FnOnce() -> T) -> T {
        let result = cancel::enter(&self.children.flag, || {
            // The body's panic waits for the children too, and does not park while it unwinds.
            let result = catch_unwind(AssertUnwindSafe(body));
            with_current(|agent| self.children.wait(agent));
            result
        });
        let unjoined = self.children.panic.lock().take();
        match (result, unjoined) {
            (Err(payload), _) | (Ok(_), Some(payload)) => resume_unwind(payload),
            (Ok(value), None) => value,
        }
    }

    /// Asks everything in the scope to end, by value: its fibers, those that are spawned later, and what its body waits for;
    /// see [`JoinHandle::cancel`]. The scope still waits for their ends, and so does `join`.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// let start = Instant::now();
    /// sisal_scheduler::scope(|s| {
    ///     s.spawn(|| sisal_scheduler::sleep(Duration::from_secs(60)));
    ///     s.cancel();
    /// });
    /// assert!(start.elapsed() < Duration::from_secs(30));
    /// ```
    pub fn cancel(&self) {
        self.children.flag.raise();
    }

    /// Spawns a fiber that may borrow what outlives the scope.
    ///
    /// # Panics
    /// As [`spawn`](crate::spawn).
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        match Builder::new().spawn_scoped(self, f) {
            Ok(handle) => handle,
            Err(error) => panic!("cannot spawn a fiber: {error}"),
        }
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.children.running.load(Ordering::Relaxed);
        f.debug_struct("Scope").field("running", &running).finish_non_exhaustive()
    }
}

impl Builder {
    /// Spawns a fiber of `scope`.
    ///
    /// # Errors
    /// As [`Builder::spawn`].
    ///
    /// ```
    /// let text = String::from("borrowed");
    /// sisal_scheduler::scope(|s| {
    ///     let len = sisal_scheduler::Builder::new().name("len".into()).spawn_scoped(s, || text.len()).unwrap();
    ///     assert_eq!(len.join().unwrap(), 8);
    /// });
    /// ```
    #[track_caller]
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: &'scope Scope<'scope, '_>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let leave = Leave(Arc::clone(&scope.children));
        let children: &'scope Children = &scope.children;
        let f = move || cancel::inherit(&children.flag, children.deadline, f);
        scope.children.running.fetch_add(1, Ordering::Relaxed);
        // SAFETY: `Send`; and `scope` does not return before the counter, which `leave` lowers as the fiber's last act, has
        // fallen: what `f` borrows lives until then.
        match unsafe { self.spawn_unchecked(f, leave, None) } {
            Ok(handle) => Ok(ScopedJoinHandle { handle, _scope: PhantomData }),
            Err(error) => {
                scope.children.running.fetch_sub(1, Ordering::Relaxed);
                Err(error)
            }
        }
    }
}

/// The right to wait for a scoped fiber's end and take its result.
pub struct ScopedJoinHandle<'scope, T> {
    handle: JoinHandle<T>,
    _scope: PhantomData<&'scope ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// Waits for the fiber's end, and gives what its closure returned.
    ///
    /// # Errors
    /// As [`JoinHandle::join`]. A panic that is joined does not make the scope panic.
    pub fn join(self) -> Result<T> {
        self.handle.join()
    }

    /// Whether `join` would return at once.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// The fiber.
    pub fn fiber(&self) -> Fiber {
        self.handle.fiber()
    }

    /// Asks the fiber to end, see [`JoinHandle::cancel`].
    pub fn cancel(&self) {
        self.handle.cancel();
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").field("fiber", &self.fiber()).finish_non_exhaustive()
    }
}
