//! How a fiber comes into the world: one allocation, and a place in a queue.
//!
//! Knows nothing of what happens to it there.

use crate::crew::Crew;
use crate::current::{pool_crew, with_worker};
use crate::handle::{Fiber, JoinHandle};
use crate::runtime::Handle;
use crate::task::{LastAct, ResultRef, Start, Task, TaskCell, Traits};
use crate::worker::{Worker, spawn_fresh};
use sisal_base::sync::atomic::Ordering;
use sisal_coro::{Class, Pool};
use sisal_park::AgentId;
use std::io;
use std::panic::Location;
use std::ptr;
use std::sync::Arc;

/// Spawns a fiber on the current runtime: that of the running fiber, or of the fiber whose [`blocking`](crate::blocking) call
/// this is; else the default one.
///
/// # Panics
/// If the runtime has been shut down or the limit of fibers is reached; [`Builder::spawn`] gives an error instead.
///
/// ```
/// let handle = sisal_scheduler::spawn(|| "done");
/// assert_eq!(handle.join().unwrap(), "done");
/// ```
#[track_caller]
#[inline]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match Builder::new().spawn(f) {
        Ok(handle) => handle,
        Err(error) => panic!("cannot spawn a fiber: {error}"),
    }
}

/// Spawns a fiber that starts and stays on the worker of the fiber that calls this, so that neither its closure nor its result
/// need be [`Send`]: fibers of one worker may share an `Rc`, and what lies between two waits is atomic among them.
///
/// The handle is `Send` only if the result is. With several workers its fibers use one of them; a fiber of its own for each
/// worker ([`Builder::home`]) spreads such groups.
///
/// # Panics
/// Outside of a fiber, and where started fibers migrate (unless the caller was spawned like this itself); and as [`spawn`].
///
/// ```
/// use std::rc::Rc;
///
/// sisal_scheduler::run(|| {
///     let shared = Rc::new(5);
///     let theirs = Rc::clone(&shared);
///     let handle = sisal_scheduler::spawn_local(move || theirs);
///     assert!(Rc::ptr_eq(&shared, &handle.join().unwrap()));
/// });
/// ```
#[track_caller]
pub fn spawn_local<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    match Builder::new().spawn_local(f) {
        Ok(handle) => handle,
        Err(error) => panic!("cannot spawn a fiber: {error}"),
    }
}

/// Where a new fiber would like to live.
#[derive(Clone, Copy, Debug, Default)]
enum Home {
    #[default]
    Anywhere,
    Worker(usize),
    /// On the worker of who spawns it, at any price: its closure may not be sent elsewhere.
    Here,
}

/// Settings of a fiber to be, as [`std::thread::Builder`].
///
/// ```
/// let handle = sisal_scheduler::Builder::new().name("counter".into()).stack_size(256 * 1024).spawn(|| {
///     assert_eq!(sisal_scheduler::current_fiber().name(), Some("counter"));
/// });
/// handle.unwrap().join().unwrap();
/// ```
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
    home: Home,
    /// The fiber of a `run`, with a large stack unless the builder says otherwise.
    root: bool,
}

impl Builder {
    /// No name, the runtime's stack size, any home.
    #[inline]
    pub fn new() -> Self {
        Self { name: None, stack_size: None, home: Home::Anywhere, root: false }
    }

    /// The fiber's name, for messages and dumps.
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// The size of its stack in bytes, rounded up to a size class (64 KiB, 256 KiB, 1 MiB, 8 MiB, then exactly).
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// A hint: to live on the same worker as `fiber`, with which it will talk much.
    pub fn near(self, fiber: &Fiber) -> Self {
        match fiber.home() {
            Some(index) => self.home(index),
            None => self,
        }
    }

    /// A hint: to live on the worker of that index, modulo the number of workers.
    pub fn home(mut self, worker: usize) -> Self {
        self.home = Home::Worker(worker);
        self
    }

    /// On a stack as large as that of the fiber of a [`run`](crate::run()), if [`stack_size`](Self::stack_size) says nothing else.
    pub fn root(mut self) -> Self {
        self.root = true;
        self
    }

    /// Spawns the fiber on the current runtime.
    ///
    /// # Errors
    /// If the runtime has been shut down, the limit of fibers is reached, or the stack size is out of bounds; and if there is
    /// no room for another stack, with the figure and the knob in the text. A stack is taken when the fiber first runs: those
    /// that were spawned before the lack was found out get their error from `join`.
    #[track_caller]
    #[inline(always)]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: `Send + 'static`: the closure may run anywhere, at any time.
        unsafe { self.spawn_unchecked(f, (), None) }
    }

    /// Spawns the fiber on the worker of the fiber that calls this, as [`spawn_local`], whatever home was wished for.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn); and outside of a fiber, or if started fibers migrate.
    #[track_caller]
    pub fn spawn_local<F, T>(mut self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + 'static,
        T: 'static,
    {
        with_worker(may_spawn_here)?;
        self.home = Home::Here;
        // SAFETY: `'static`. A local task never stands where another worker takes; it starts on this worker and does not migrate,
        // or is dropped unrun by this worker. Its result is taken or dropped by itself, or by the handle, which is `Send` only if
        // the result is.
        unsafe { self.spawn_unchecked(f, (), None) }
    }

    /// Spawns the fiber on the runtime of `handle`.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    #[track_caller]
    pub fn spawn_on<F, T>(self, runtime: &Handle, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: as in `spawn`.
        unsafe { self.spawn_unchecked(f, (), Some(runtime.crew())) }
    }

    /// Spawns a closure of any lifetime.
    ///
    /// # Safety
    /// What `f` borrows lives until the fiber has ended (`last` has acted), and `f` and its result may be sent to another
    /// thread, unless its home is `Here`.
    #[track_caller]
    #[inline(always)]
    pub(crate) unsafe fn spawn_unchecked<F, T, L>(
        self,
        f: F,
        last: L,
        crew: Option<&Arc<Crew>>,
    ) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T,
        L: LastAct,
    {
        // SAFETY: the caller's promise.
        unsafe { self.spawn_at(Location::caller(), f, last, crew) }
    }

    /// [`spawn_unchecked`](Self::spawn_unchecked), as if from `site`.
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    pub(crate) unsafe fn spawn_at<F, T, L>(
        self,
        site: &'static Location<'static>,
        f: F,
        last: L,
        crew: Option<&Arc<Crew>>,
    ) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T,
        L: LastAct,
    {
        if crew.is_none() {
            let own = with_worker(|worker| worker.map(|worker| (ptr::from_ref(worker), worker.next_id())));
            if let Some((worker, id)) = own {
                // SAFETY: this thread's own worker, which lives as long as it runs, and it runs this.
                let worker = unsafe { &*worker };
                // SAFETY: the caller's promise.
                return unsafe { self.spawn_in(worker.crew(), Some(worker), id, site, f, last) };
            }
        }
        // SAFETY: the caller's promise.
        unsafe { self.spawn_from_outside(site, f, last, crew) }
    }

    /// [`spawn_at`](Self::spawn_at) that runtime, or where no worker is.
    ///
    /// # Safety
    /// As there.
    #[cold]
    #[inline(never)]
    unsafe fn spawn_from_outside<F, T, L>(
        self,
        site: &'static Location<'static>,
        f: F,
        last: L,
        crew: Option<&Arc<Crew>>,
    ) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T,
        L: LastAct,
    {
        let spawn = |crew: &Arc<Crew>, id: AgentId| {
            // SAFETY: the caller's promise.
            with_worker(|worker| unsafe { self.spawn_in(crew, worker, id, site, f, last) })
        };
        match crew {
            Some(crew) => spawn(crew, id_from_elsewhere()),
            None => spawn_elsewhere(spawn),
        }
    }

    /// Spawns a fiber of `crew`. `here` is this thread's worker, whoever's that is.
    ///
    /// # Safety
    /// As [`spawn_unchecked`](Self::spawn_unchecked).
    #[inline(always)]
    unsafe fn spawn_in<F, T, L>(
        self,
        crew: &Arc<Crew>,
        here: Option<&Worker>,
        id: AgentId,
        site: &'static Location<'static>,
        f: F,
        last: L,
    ) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T,
        L: LastAct,
    {
        let class = self.admit(crew)?;
        let (name, local) = (self.name.map(String::into_boxed_str), matches!(self.home, Home::Here));
        let traits = || Traits { id, site, name, class, local, policy: crew.panic_policy.clone() };
        let header = TaskCell::alloc(here, traits, f, last);
        // SAFETY: a new task's two references: the handle's, and the scheduler's, which goes with `task`.
        let (result, task) = unsafe { (ResultRef::from_raw(header), Task::from_raw(header)) };
        match self.home {
            Home::Worker(index) if crew.members.len() > 1 => send(crew, here, task, index),
            _ => spawn_fresh(crew, here, task),
        }
        // SAFETY: the closure returns `T`.
        Ok(unsafe { JoinHandle::new(result) })
    }

    /// Whether `crew` takes this fiber, and on which class of stack.
    #[inline(always)]
    fn admit(&self, crew: &Crew) -> io::Result<Class> {
        if !crew.lifecycle.is_open() {
            return Err(shut_down());
        }
        let limits = &crew.limits;
        if limits.fibers_max != usize::MAX && crew.spawned() >= limits.fibers_max {
            return Err(too_many(limits.fibers_max));
        }
        let class = match self.stack_size {
            None if self.root => limits.root_class,
            None => limits.class,
            Some(bytes) => Class::for_size(bytes)?,
        };
        if crew.is_out_of_stacks.load(Ordering::Relaxed) {
            find_stack(crew, class)?;
        }
        Ok(class)
    }
}

/// Leaves a fresh task with the worker that its spawner wants.
#[cold]
fn send(crew: &Arc<Crew>, here: Option<&Worker>, task: Task, index: usize) {
    let index = index % crew.members.len();
    let member = &crew.members[index];
    crew.spawned_elsewhere.fetch_add(1, Ordering::Relaxed);
    if let Some(worker) = here {
        worker.tell_spawn(task);
        worker.note_send(task.header().id, index);
    }
    member.send_fresh(task, Start::Here);
    crew.lifecycle.after_deliver(member);
}

/// After a fiber that got no stack: whether there are some again.
#[cold]
fn find_stack(crew: &Crew, class: Class) -> io::Result<()> {
    let found = with_worker(|worker| match worker {
        Some(worker) => worker.take_stack(class).map(|stack| worker.give_stack(stack)),
        None => Pool::global().take(class).map(|stack| Pool::global().give(stack)),
    });
    // When no fiber lives, all there are may lie in the caches of other workers: let it try.
    if crew.live() > 0 {
        found?;
    }
    crew.is_out_of_stacks.store(false, Ordering::Relaxed);
    Ok(())
}

/// A number for a fiber of a runtime that may be another than the current one.
fn id_from_elsewhere() -> AgentId {
    // In a simulation numbers follow its own order.
    let simulated = with_worker(|worker| worker.filter(|worker| worker.sim().is_some()).map(Worker::next_id));
    simulated.unwrap_or_else(|| AgentId::from_u64(AgentId::reserve(1).start))
}

/// Spawns from a thread that is no worker: on the runtime to whose blocking pool it belongs, else on the default one.
#[cold]
fn spawn_elsewhere<T>(spawn: impl FnOnce(&Arc<Crew>, AgentId) -> io::Result<T>) -> io::Result<T> {
    let id = AgentId::from_u64(AgentId::reserve(1).start);
    match pool_crew() {
        Some(crew) => spawn(&crew.upgrade().ok_or_else(shut_down)?, id),
        None => spawn(crate::runtime::default_runtime().crew(), id),
    }
}

/// Whether a fiber runs here that stays on this worker.
fn may_spawn_here(worker: Option<&Worker>) -> io::Result<()> {
    let (worker, task) =
        worker.and_then(|worker| worker.current().map(|task| (worker, task))).ok_or_else(|| {
            io::Error::other("a local fiber can be spawned by a fiber only, whose worker it shares")
        })?;
    if worker.crew().limits.migrate && !task.header().local {
        return Err(io::Error::other(
            "a fiber that migrates has no worker on which a local fiber could stay",
        ));
    }
    Ok(())
}

#[cold]
fn too_many(fibers_max: usize) -> io::Error {
    io::Error::other(format!(
        "{fibers_max} fibers live already, or will; raise it with runtime::Builder::max_fibers"
    ))
}

#[cold]
fn shut_down() -> io::Error {
    io::Error::other("the runtime has been shut down")
}
