//! What is left in a spawner's hand: [`JoinHandle`] to the result, [`Fiber`] to who computes it.
//!
//! Knows nothing of how fibers run.

use crate::current::with_worker;
use crate::task::{Payload, ResultRef, TaskRef};
use crate::worker::Worker;
use sisal_park::{Agent, AgentId, JoinArm, Selectable, Ticket, WakeKind, Waker, with_current};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// What [`JoinHandle::join`] gives: the closure's value, or what it panicked with.
pub type Result<T> = std::result::Result<T, Payload>;

/// The number of a fiber, unique in the process. On a bare thread, that thread's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FiberId(AgentId);

impl FiberId {
    /// The number.
    pub(crate) fn as_u64(self) -> u64 {
        self.0.as_u64()
    }

    pub(crate) fn new(id: AgentId) -> Self {
        Self(id)
    }
}

impl fmt::Debug for FiberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FiberId({})", self.0.as_u64())
    }
}

impl fmt::Display for FiberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Clone)]
enum Kind {
    Task(TaskRef),
    Thread(AgentId, Waker),
}

/// A handle to a fiber: its name, its number, and the right to unpark it. On a bare thread,
/// [`current`](crate::current_fiber) gives one to that thread.
///
/// ```
/// let fiber = sisal_scheduler::current_fiber();
/// fiber.unpark();
/// sisal_scheduler::park(); // the permit is there already
/// ```
#[derive(Clone)]
pub struct Fiber(Kind);

impl Fiber {
    pub(crate) fn of_task(task: TaskRef) -> Self {
        Self(Kind::Task(task))
    }

    pub(crate) fn of_thread() -> Self {
        with_current(|agent| Self(Kind::Thread(agent.id(), agent.waker())))
    }

    pub(crate) fn task(&self) -> Option<&TaskRef> {
        match &self.0 {
            Kind::Task(task) => Some(task),
            Kind::Thread(..) => None,
        }
    }

    /// The fiber's number.
    pub fn id(&self) -> FiberId {
        match &self.0 {
            Kind::Task(task) => FiberId(task.header().id),
            Kind::Thread(id, _) => FiberId(*id),
        }
    }

    /// The name that its [`Builder`](crate::Builder) gave it.
    pub fn name(&self) -> Option<&str> {
        self.task().and_then(|task| task.header().name())
    }

    /// Where it was spawned.
    pub fn spawned_at(&self) -> Option<&'static Location<'static>> {
        self.task().map(|task| task.header().site)
    }

    /// The index of the worker that last ran it, once it has started. Unless its runtime lets started fibers migrate, it
    /// never runs anywhere else.
    pub fn home(&self) -> Option<usize> {
        self.task()?.header().home().map(crate::post::Post::index)
    }

    /// Makes its [`park`](crate::park) return, or its next one, if it is not parked.
    pub fn unpark(&self) {
        match &self.0 {
            Kind::Task(task) => task.waker().wake_as(WakeKind::Unpark),
            Kind::Thread(_, waker) => waker.wake_as(WakeKind::Unpark),
        }
    }
}

impl fmt::Debug for Fiber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fiber").field("id", &self.id()).field("name", &self.name()).finish_non_exhaustive()
    }
}

/// The right to wait for a fiber's end and take its result. Dropping it detaches the fiber, which goes on.
///
/// It is a future too, for executors of all kinds, and an arm of `select!`: `recv(handle) -> result => ..`.
///
/// ```
/// let handle = sisal_scheduler::spawn(|| 6 * 7);
/// assert_eq!(handle.join().unwrap(), 42);
///
/// let handle = sisal_scheduler::spawn(|| 6 * 7);
/// assert_eq!(sisal_park::block_on(handle).unwrap(), 42);
/// ```
pub struct JoinHandle<T> {
    result: ResultRef,
    _result: PhantomData<Result<T>>,
}

// SAFETY: the result may be taken or dropped on another thread; the rest of the task is made for all threads.
unsafe impl<T: Send> Send for JoinHandle<T> {}
// SAFETY: a shared handle gives no access to the result.
unsafe impl<T: Send> Sync for JoinHandle<T> {}

impl<T> JoinHandle<T> {
    /// # Safety
    /// The task's closure returns `T`.
    pub(crate) unsafe fn new(result: ResultRef) -> Self {
        Self { result, _result: PhantomData }
    }

    /// Waits for the fiber's end, and gives what its closure returned. A cancel of who waits does not end the wait: the
    /// result would be lost.
    ///
    /// # Errors
    /// What the fiber panicked with; a `String` that says why, if it was never run because its runtime was shut down or
    /// no stack could be had.
    ///
    /// # Panics
    /// If the result was taken already, by a select or as a future.
    // Inlined, as each switch would like to be: see `sisal_coro::Resumable`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn join(self) -> Result<T> {
        if !self.result.is_complete() {
            match with_worker(|worker| worker.and_then(Worker::current)) {
                Some(fiber) => self.result.wait_as(fiber),
                None => with_current(|agent| self.result.wait(agent)),
            }
        }
        self.assert_there();
        // SAFETY: complete, and not taken; `new`'s promise.
        unsafe { self.result.into_result() }
    }

    /// [`join`](Self::join), for `timeout` at the longest.
    ///
    /// # Errors
    /// The handle, if the fiber has not ended by then, or the one who waits was cancelled.
    ///
    /// # Panics
    /// As [`join`](Self::join).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let handle = sisal_scheduler::spawn(|| sisal_scheduler::sleep(Duration::from_millis(50)));
    /// let handle = handle.join_timeout(Duration::from_millis(1)).unwrap_err();
    /// handle.join_timeout(Duration::from_secs(60)).unwrap().unwrap();
    /// ```
    pub fn join_timeout(self, timeout: Duration) -> std::result::Result<Result<T>, Self> {
        let is_there = self.result.is_complete()
            || with_current(|agent| self.result.wait_until(agent, agent.now().checked_add(timeout)));
        if is_there { Ok(self.join()) } else { Err(self) }
    }

    #[inline]
    #[track_caller]
    fn assert_there(&self) {
        assert!(!self.result.is_taken(), "the result of this fiber was taken already");
    }

    /// What `recv(handle)` in a select expands to. `&mut`, since the result is taken, and one alone may wait for it.
    #[doc(hidden)]
    pub fn recv_arm(&mut self) -> JoinHandleArm<'_, T> {
        self.assert_there();
        // SAFETY: the handle is borrowed for as long as the arm lives.
        JoinHandleArm { arm: unsafe { self.result.arm() }, handle: self }
    }

    /// Whether `join` would return at once.
    pub fn is_finished(&self) -> bool {
        self.result.is_complete()
    }

    /// The fiber.
    pub fn fiber(&self) -> Fiber {
        Fiber::of_task(self.result.to_ref())
    }

    /// Asks the fiber to end, by value: what it waits for in I/O or channels ends with an error, and so does each such
    /// wait from then on; one `park`, `sleep` or wait on a condition variable returns early. A fiber that asks for none of
    /// these goes on. `join` still waits for its end.
    pub fn cancel(&self) {
        self.result.to_ref().ask_to_end();
    }
}

/// The result, as from [`JoinHandle::join`].
///
/// # Panics
/// If it is polled again after it has given its result.
impl<T> Future for JoinHandle<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        self.assert_there();
        if self.result.poll(context.waker()) {
            // SAFETY: complete, and not taken; `new`'s promise; and the handle is borrowed mutably.
            Poll::Ready(unsafe { self.result.take_result() })
        } else {
            Poll::Pending
        }
    }
}

// The result never stands in the handle.
impl<T> Unpin for JoinHandle<T> {}

/// A [`JoinHandle`] as an arm of a select.
#[doc(hidden)]
pub struct JoinHandleArm<'a, T> {
    arm: JoinArm<'a>,
    handle: &'a JoinHandle<T>,
}

impl<T> JoinHandleArm<'_, T> {
    /// The result, once selected. The result stays where it is if a cancel has ended the select.
    ///
    /// # Errors
    /// As [`JoinHandle::join`]; a `String` if the fiber that selects was cancelled.
    pub fn complete(&self) -> Result<T> {
        if !self.handle.is_finished() {
            return Err(Box::new(String::from("the select that waited for this fiber was cancelled")));
        }
        self.handle.assert_there();
        // SAFETY: complete, and not taken; `JoinHandle::new`'s promise; and the arm has the handle for itself.
        unsafe { self.handle.result.take_result() }
    }
}

impl<T> Selectable for JoinHandleArm<'_, T> {
    fn attempt(&self, agent: &dyn Agent) -> bool {
        self.arm.attempt(agent)
    }

    unsafe fn register(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.arm.register(agent, ticket, arm) }
    }

    fn unregister(&self, claimed: bool) {
        self.arm.unregister(claimed);
    }

    fn accept(&self, agent: &dyn Agent) -> bool {
        self.arm.accept(agent)
    }

    fn is_ready(&self) -> bool {
        self.arm.is_ready()
    }

    unsafe fn watch(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.arm.watch(agent, ticket, arm) }
    }

    fn unwatch(&self, claimed: bool) {
        self.arm.unwatch(claimed);
    }
}

impl<T> fmt::Debug for JoinHandleArm<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.arm.fmt(f)
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("fiber", &self.fiber()).finish_non_exhaustive()
    }
}
