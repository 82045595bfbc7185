//! Counted references to a task: those of whoever asks about a fiber, and the one of who may wait for its result.
//!
//! Knows nothing of what a task does.

use super::header::Header;
use super::{Payload, Task, lent_waker};
use sisal_park::{Agent, Cancellable, Dropped, JoinArm, Outcome, Reason, Waker};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::time::Instant;

/// Gives a reference back, and frees the block with the last.
///
/// # Safety
/// The caller's own reference, given back once.
#[inline]
pub(super) unsafe fn release(header: NonNull<Header>) {
    // SAFETY: the caller's reference keeps the block until the step that gives it back.
    unsafe {
        let free = header.as_ref().vtable.free;
        if header.as_ref().state.release() {
            free(header);
        }
    }
}

/// A counted reference to a task: in a handle to the fiber, or under a waker.
#[derive(Debug)]
pub(crate) struct TaskRef(NonNull<Header>);

// SAFETY: what it reaches is atomic or constant; the rest belongs to whom the tables above name.
unsafe impl Send for TaskRef {}
// SAFETY: as above.
unsafe impl Sync for TaskRef {}

impl TaskRef {
    /// A handle's reference.
    ///
    /// # Safety
    /// The caller's own, which goes to this.
    pub(super) unsafe fn from_raw(header: NonNull<Header>) -> Self {
        Self(header)
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: this reference keeps the block.
        unsafe { self.0.as_ref() }
    }

    /// Whether its result is stored.
    pub(crate) fn is_complete(&self) -> bool {
        self.header().state.is_complete()
    }

    /// Asks the fiber to end, by value: its waits that report errors will report this, and so will those of its scopes.
    pub(crate) fn ask_to_end(&self) {
        if let Some(asked) = self.header().cancel.ask() {
            // First what it has opened: once it runs, it may look at that.
            asked.pass_on();
            self.waker().wake();
        }
    }

    /// A waker that holds a reference of its own.
    pub(crate) fn waker(&self) -> Waker {
        super::waker(self.header())
    }
}

impl Clone for TaskRef {
    fn clone(&self) -> Self {
        self.header().state.retain();
        Self(self.0)
    }
}

impl Drop for TaskRef {
    fn drop(&mut self) {
        // SAFETY: this was its reference.
        unsafe { release(self.0) };
    }
}

/// The one reference that may wait for the result and take it: the handle's.
#[derive(Debug)]
pub(crate) struct ResultRef(NonNull<Header>);

// SAFETY: as `TaskRef`; the handle around it is `Send` only if the result is.
unsafe impl Send for ResultRef {}
// SAFETY: as above.
unsafe impl Sync for ResultRef {}

impl ResultRef {
    /// The handle's reference of a new task.
    ///
    /// # Safety
    /// Called once for a task.
    pub(crate) unsafe fn from_raw(header: NonNull<Header>) -> Self {
        Self(header)
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: this reference keeps the block.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn to_ref(&self) -> TaskRef {
        self.header().state.retain();
        TaskRef(self.0)
    }

    #[inline]
    pub(crate) fn is_complete(&self) -> bool {
        self.header().state.is_complete()
    }

    /// Parks `agent` until the result is there.
    #[cold]
    pub(crate) fn wait(&self, agent: &dyn Agent) {
        // SAFETY: only the one handle comes here.
        unsafe { self.header().state.wait(agent, Reason::Join(self.header().id)) };
    }

    /// Parks `fiber`, which runs this, until the result is there.
    #[inline(always)]
    pub(crate) fn wait_as(&self, fiber: Task) {
        let (header, fiber) = (self.header(), fiber.header());
        let reason = Reason::Join(header.id);
        // SAFETY: only the one handle comes here, and this is the fiber's own stack, which it does not leave before.
        if let Some(stays) = unsafe { header.state.stay(|| lent_waker(fiber)) } {
            while !header.state.is_complete() {
                fiber.park_joining(reason);
            }
            stays.leave();
        }
    }

    /// Parks `agent` until the result is there, or until the deadline, or a cancel; whether it is there.
    pub(crate) fn wait_until(&self, agent: &dyn Agent, deadline: Option<Instant>) -> bool {
        let (state, reason) = (&self.header().state, Reason::Join(self.header().id));
        // SAFETY: only the one handle comes here.
        unsafe { state.wait_until(agent, deadline, reason, Cancellable::Always) == Outcome::Woken }
    }

    /// Whether the result is there; if not, calls `waker` when it is.
    pub(crate) fn poll(&self, waker: &std::task::Waker) -> bool {
        // SAFETY: only the one handle comes here.
        unsafe { self.header().state.poll(waker) }
    }

    /// An arm of a select that waits for the result.
    ///
    /// # Safety
    /// Only for the one handle, which does not wait in another way meanwhile.
    pub(crate) unsafe fn arm(&self) -> JoinArm<'_> {
        // SAFETY: the caller's promise.
        unsafe { JoinArm::new(&self.header().state) }
    }

    /// Whether the result was taken.
    #[inline]
    pub(crate) fn is_taken(&self) -> bool {
        self.header().state.is_taken()
    }

    /// Takes the result, and gives the handle's reference back.
    ///
    /// # Safety
    /// It is complete and was not taken, and `T` is what the closure returned.
    pub(crate) unsafe fn into_result<T>(self) -> Result<T, Payload> {
        let header = ManuallyDrop::new(self).0;
        // SAFETY: the caller's promise; while there is a handle, the result is its own.
        unsafe {
            let place = (header.as_ref().vtable.result)(header).cast::<Result<T, Payload>>();
            let result = place.read();
            Self::release(header);
            result
        }
    }

    /// Takes the result, and keeps the reference.
    ///
    /// # Safety
    /// It is complete and was not taken, `T` is what the closure returned, and the handle does nothing else meanwhile.
    pub(crate) unsafe fn take_result<T>(&self) -> Result<T, Payload> {
        // SAFETY: the caller's promise; while there is a handle, the result is its own.
        unsafe {
            let place = (self.header().vtable.result)(self.0).cast::<Result<T, Payload>>();
            self.header().state.mark_taken();
            place.read()
        }
    }

    /// # Safety
    /// The handle's own reference, given back once, and the result is gone.
    unsafe fn release(header: NonNull<Header>) {
        // SAFETY: as in the free function `release`.
        unsafe {
            let free = header.as_ref().vtable.free;
            if header.as_ref().state.release_handle() {
                free(header);
            }
        }
    }
}

impl Drop for ResultRef {
    fn drop(&mut self) {
        match self.header().state.drop_handle() {
            Dropped::Done => {}
            // SAFETY: complete, and the result is the handle's.
            Dropped::HasResult => unsafe {
                if !self.is_taken() {
                    (self.header().vtable.drop_result)(self.0);
                }
                Self::release(self.0);
            },
        }
    }
}
