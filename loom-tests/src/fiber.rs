//! A real fiber under loom: a coroutine on a stack of its own, parked and woken through the word that ships, counted by the join
//! state that ships, resumed by whichever of loom's threads has woken it.
//!
//! Knows nothing of run queues: who wins a wake runs the fiber then and there, so that nothing but the word orders what one
//! thread did on the fiber's stack before what the next one does. The steps are those of the scheduler's worker: resume; once
//! the stack is left, commit; at the end complete, and give the reference back.
//!
//! | cell | what loom would find there |
//! |---|---|
//! | `computation` | two threads that run one fiber, or one that runs it on while another still leaves its stack |
//! | `block` | a touch of the fiber's record after its last reference was given back |

use sisal_base::fault;
use sisal_base::sync::UnsafeCell;
use sisal_coro::{Class, Pool, Resumed, SendResumable, Suspender};
use sisal_park::cancel::CancelScopes;
use sisal_park::{
    Agent, AgentId, Cancellable, Commit, Completed, Dropped, JoinState, Outcome, Parking, Reason, Wake,
    WakeKind, Waker, WakerVTable, Word, agent,
};
use std::cell::Cell;
use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Instant;

/// A fiber, which ends in the execution that has made it. Its memory outlives that of the record it stands for: `block` says
/// when that would have been freed.
pub struct Fiber {
    id: AgentId,
    word: Word,
    state: JoinState,
    computation: UnsafeCell<Option<SendResumable>>,
    suspender: Cell<*const Suspender>,
    block: UnsafeCell<()>,
    cancel_scopes: CancelScopes,
    now: Instant,
}

// SAFETY: `word` and `state` are made for it; loom watches the cells; `suspender` is touched on the fiber's own stack alone.
unsafe impl Sync for Fiber {}
// SAFETY: as above.
unsafe impl Send for Fiber {}

impl Fiber {
    /// A fiber that has not started, and has a handle. What `f` borrows, it keeps alive.
    pub fn new(f: impl FnOnce() + 'static) -> Arc<Self> {
        let fiber = Arc::new(Self {
            id: AgentId::from_u64(AgentId::reserve(1).start),
            word: Word::running(),
            state: JoinState::new(),
            computation: UnsafeCell::new(None),
            suspender: Cell::new(ptr::null()),
            block: UnsafeCell::new(()),
            cancel_scopes: CancelScopes::new(),
            now: Instant::now(),
        });
        let stack = Pool::global().take(Class::DEFAULT).expect("a stack");
        let own = Arc::as_ptr(&fiber);
        let body = move |suspender: &Suspender| {
            // SAFETY: the model keeps its fiber up to the end of the execution.
            unsafe { &*own }.suspender.set(suspender);
            f();
        };
        // SAFETY: all of loom's threads are one thread of the system, so nothing on the stack can belong to another.
        let computation = unsafe { sisal_coro::Resumable::new(stack, body).assume_send() };
        // SAFETY: nobody else knows it yet.
        fiber.computation.with_mut(|place| unsafe { *place = Some(computation) });
        fiber
    }

    /// Runs it until it parks or ends. For who has made it, and for who has won a wake.
    pub fn run(&self) {
        loop {
            match self.resume() {
                Resumed::Finished => return self.complete(),
                Resumed::Suspended if fault!("fiber.commit.before_leaving") => return,
                Resumed::Suspended if self.word.commit() == Commit::Parked => return,
                Resumed::Suspended => {}
            }
        }
    }

    fn resume(&self) -> Resumed {
        let own: &dyn Agent = self;
        // SAFETY: the fiber outlives its run, and the agent before is put back.
        let before = unsafe { agent::install(Some(NonNull::from(own))) };
        let resumed = self.computation.with_mut(|computation| {
            // SAFETY: watched by loom.
            let computation = unsafe { (*computation).as_mut() };
            computation.expect("a fiber that has not ended").get_mut().resume()
        });
        // Leaving a stack is the last write to it: the registers. Loom saw the access above begin, not end.
        self.computation.with_mut(|_| ());
        // SAFETY: it was installed when this began, and runs on.
        unsafe { agent::install(before) };
        resumed
    }

    fn complete(&self) {
        // SAFETY: watched by loom.
        let computation = self.computation.with_mut(|place| unsafe { (*place).take() });
        Pool::global().give(computation.expect("it has just ended").into_inner().into_stack());
        match self.state.complete(false) {
            Completed::Done => {}
            Completed::Unwanted => self.release(),
            Completed::WakeLast(joiner) => joiner.wake(),
            Completed::Wake(joiner) => {
                joiner.wake();
                self.release();
            }
        }
    }

    /// Gives the handle up.
    pub fn detach(&self) {
        if self.state.drop_handle() == Dropped::HasResult && self.state.release_handle() {
            self.free();
        }
    }

    /// Waits for its end, and gives the handle up.
    pub fn join(&self) {
        // SAFETY: called once, by who has the handle.
        sisal_park::with_current(|agent| unsafe { self.state.wait(agent, Reason::Join(self.id)) });
        if self.state.release_handle() {
            self.free();
        }
    }

    fn release(&self) {
        if self.state.release() {
            self.free();
        }
    }

    /// Where the block would be freed.
    fn free(&self) {
        self.block.with_mut(|_| ());
    }
}

impl Agent for Fiber {
    fn id(&self) -> AgentId {
        self.id
    }

    fn begin_park(&self, deadline: Option<Instant>, _: Reason, _: Cancellable) -> Parking<'_> {
        if deadline.is_some() {
            return Parking::Over(Outcome::TimedOut);
        }
        if fault!("fiber.commit.before_leaving") && self.word.commit() == Commit::Resume {
            return Parking::Over(Outcome::Woken);
        }
        // SAFETY: set when the body began; it lives as long as the body.
        Parking::Leave(unsafe { &*self.suspender.get() })
    }

    fn waker(&self) -> Waker {
        if !fault!("fiber.waker.no_ref") {
            self.state.retain();
        }
        // SAFETY: the waker owns the reference just taken.
        unsafe { Waker::new(ptr::from_ref(self).cast(), &WAKER) }
    }

    fn lent_waker(&self) -> Waker {
        // SAFETY: a fiber's record lives while anything stands on its stack.
        unsafe { Waker::lent(ptr::from_ref(self).cast(), &WAKER) }
    }

    fn word(&self) -> &Word {
        &self.word
    }

    fn yield_now(&self) {
        sisal_base::sync::thread::yield_now();
    }

    fn spend(&self) {}

    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        job();
    }

    fn now(&self) -> Instant {
        self.now
    }

    fn choose(&self, _bound: usize) -> usize {
        0
    }

    fn cancel_scopes(&self) -> &CancelScopes {
        &self.cancel_scopes
    }

    fn spins(&self) -> u32 {
        0
    }
}

impl fmt::Debug for Fiber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fiber").field("id", &self.id).finish_non_exhaustive()
    }
}

static WAKER: WakerVTable = WakerVTable {
    clone: clone_waker,
    wake: wake_fiber,
    drop: drop_waker,
    win: win_fiber,
    submit: submit_fiber,
};

/// # Safety
/// `data` is a waker's fiber, of which it owns a reference.
unsafe fn clone_waker(data: *const ()) {
    if !fault!("fiber.waker.no_ref") {
        // SAFETY: the caller's promise.
        unsafe { &*data.cast::<Fiber>() }.state.retain();
    }
}

/// # Safety
/// As [`clone_waker`].
unsafe fn wake_fiber(data: *const (), kind: WakeKind) {
    // SAFETY: the caller's promise; and the memory stays until the execution ends.
    let fiber = unsafe { &*data.cast::<Fiber>() };
    let answer = fiber.block.with(|_| match kind {
        WakeKind::Unpark => fiber.word.unpark(),
        WakeKind::Back | WakeKind::Next => fiber.word.wake(),
    });
    if answer == Wake::Submit {
        fiber.run();
    }
}

/// # Safety
/// The fiber has not ended.
unsafe fn win_fiber(data: *const ()) -> bool {
    // SAFETY: the caller's promise; and the memory stays until the execution ends.
    let fiber = unsafe { &*data.cast::<Fiber>() };
    fiber.block.with(|_| fiber.word.win())
}

/// # Safety
/// The caller's [`win_fiber`] was the one that won.
unsafe fn submit_fiber(data: *const (), _kind: WakeKind) {
    // SAFETY: as above; the fiber has not run since then.
    let fiber = unsafe { &*data.cast::<Fiber>() };
    fiber.block.with(|_| ());
    fiber.run();
}

/// # Safety
/// As [`clone_waker`], and the reference is given back here.
unsafe fn drop_waker(data: *const ()) {
    if !fault!("fiber.waker.no_ref") {
        // SAFETY: the caller's promise.
        unsafe { &*data.cast::<Fiber>() }.release();
    }
}
