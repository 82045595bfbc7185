//! An owned right to wake one agent, whatever kind it is.
//!
//! Knows nothing of agents but the three functions in its table. It owns a reference (a task's count, a thread's `Arc`),
//! so the agent's record outlives every waker, also when the agent itself has long finished.

use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;

/// How to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeKind {
    /// Behind those that are ready already.
    Back,
    /// Next, if that place is free: for a hand-over, whose data is still in the cache.
    Next,
    /// [`Back`](Self::Back), and leave the permit of `fiber::park`.
    Unpark,
}

/// What an agent's kind can do with a pointer to its record.
#[derive(Debug)]
pub struct WakerVTable {
    /// Takes one more reference.
    pub clone: unsafe fn(*const ()),
    /// Wakes. Does not use up the reference.
    pub wake: unsafe fn(*const (), WakeKind),
    /// Gives a reference back.
    pub drop: unsafe fn(*const ()),
}

/// An owned right to wake one agent. Never kept across a user's code by sisal's own primitives.
pub struct Waker {
    data: *const (),
    vtable: &'static WakerVTable,
}

// SAFETY: who calls `Waker::new` promises that the table's functions may be called from any thread.
unsafe impl Send for Waker {}
// SAFETY: as above.
unsafe impl Sync for Waker {}

/// What can be woken otherwise than by an agent's word.
pub trait Wakes: Send + Sync + 'static {
    /// Wakes it.
    fn wake(&self);
}

/// The functions of a waker that owns an `Arc<T>`.
struct ArcTable<T>(std::marker::PhantomData<T>);

impl<T: Wakes> ArcTable<T> {
    const VTABLE: WakerVTable = WakerVTable { clone: Self::clone, wake: Self::wake, drop: Self::drop };

    /// # Safety
    /// `data` is a waker's, so it owns a count of an `Arc<T>`.
    unsafe fn clone(data: *const ()) {
        // SAFETY: the caller's promise; the new count goes to the new waker.
        unsafe { Arc::increment_strong_count(data.cast::<T>()) };
    }

    /// # Safety
    /// As `clone`.
    unsafe fn wake(data: *const (), _kind: WakeKind) {
        // SAFETY: the caller's promise: its count keeps it alive during the call.
        unsafe { &*data.cast::<T>() }.wake();
    }

    /// # Safety
    /// As `clone`, and the count is given back here.
    unsafe fn drop(data: *const ()) {
        // SAFETY: the caller's promise.
        drop(unsafe { Arc::from_raw(data.cast::<T>()) });
    }
}

impl<T: Wakes> From<Arc<T>> for Waker {
    fn from(woken: Arc<T>) -> Self {
        // SAFETY: the waker owns the count, and `T` may be woken from any thread.
        unsafe { Self::new(Arc::into_raw(woken).cast(), const { &ArcTable::<T>::VTABLE }) }
    }
}

impl Waker {
    /// A waker that owns one reference to the record at `data`.
    ///
    /// # Safety
    /// Until the table's `drop` is called for that reference, its functions are sound for `data`, from any thread.
    #[inline]
    pub unsafe fn new(data: *const (), vtable: &'static WakerVTable) -> Self {
        Self { data, vtable }
    }

    /// Makes the agent's wait return, or its next one, if it does not wait now.
    #[inline]
    pub fn wake(self) {
        self.wake_as(WakeKind::Back);
    }

    /// [`wake`](Self::wake) that asks for the agent to run next.
    #[inline]
    pub fn wake_next(self) {
        self.wake_as(WakeKind::Next);
    }

    /// Wakes and keeps the waker.
    #[inline]
    pub fn wake_as(&self, kind: WakeKind) {
        // SAFETY: the promise of `new`; this waker holds its reference.
        unsafe { (self.vtable.wake)(self.data, kind) }
    }

    /// Whether both wake the same agent.
    pub fn will_wake(&self, other: &Waker) -> bool {
        std::ptr::eq(self.data, other.data)
    }

    /// The record's address, without its reference.
    pub fn into_data(self) -> *const () {
        ManuallyDrop::new(self).data
    }
}

impl Clone for Waker {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: the promise of `new`.
        unsafe { (self.vtable.clone)(self.data) };
        Self { data: self.data, vtable: self.vtable }
    }
}

impl Drop for Waker {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the promise of `new`; this was its reference.
        unsafe { (self.vtable.drop)(self.data) }
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waker").field(&self.data).finish()
    }
}
