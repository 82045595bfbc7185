//! The typed half of a task: the closure, and in its place later the result.
//!
//! Knows nothing of where and when it runs.

use super::blocks;
use super::header::{Header, Traits, VTable};
use crate::current::with_worker;
use crate::panic_policy::unjoined;
use crate::worker::Worker;
use std::any::Any;
use std::mem::{ManuallyDrop, needs_drop};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

/// What a panic carries.
pub(crate) type Payload = Box<dyn Any + Send + 'static>;

/// First the closure, then nothing while it runs, then the result, then nothing once it is taken.
union Body<F, T> {
    closure: ManuallyDrop<F>,
    result: ManuallyDrop<Result<T, Payload>>,
}

/// What a fiber does last of all, after its closure, its fiber-locals and, if nobody can take it, its result are gone.
pub(crate) trait LastAct {
    /// There is no such act.
    const IS_NOTHING: bool;

    /// Called once, whether the fiber ran or not.
    fn act(&self);

    /// The fiber has panicked, and nobody can join it any more. (The panic hook has reported it.)
    fn unjoined_panic(&self, header: &Header, payload: Payload);
}

/// A fiber that nobody waits for.
impl LastAct for () {
    const IS_NOTHING: bool = true;

    fn act(&self) {}

    fn unjoined_panic(&self, header: &Header, payload: Payload) {
        unjoined(header, &*payload);
    }
}

/// A task with its closure, in one block. `repr(C)`: a pointer to the header is a pointer to the block.
#[repr(C)]
pub(crate) struct TaskCell<F, T, L> {
    header: Header,
    last: L,
    body: Body<F, T>,
}

impl<F: FnOnce() -> T, T, L: LastAct> TaskCell<F, T, L> {
    const VTABLE: VTable = VTable {
        run: Self::run,
        abandon: Self::abandon,
        result: Self::result,
        drop_result: Self::drop_result,
        last_act: if L::IS_NOTHING { None } else { Some(Self::last_act) },
        free: Self::free,
    };

    /// A fresh task on the heap, with one reference for the scheduler and one for the handle. Its `traits` are put together when there is
    /// a place for them: what lies elsewhere meanwhile is copied.
    #[inline(always)]
    pub(crate) fn alloc(
        worker: Option<&Worker>,
        traits: impl FnOnce() -> Traits,
        closure: F,
        last: L,
    ) -> NonNull<Header> {
        let block = blocks::take::<Self>(worker);
        let this = block.as_ptr();
        // SAFETY: memory for one, and ours.
        unsafe {
            Header::write(&raw mut (*this).header, const { &Self::VTABLE }, traits());
            (&raw mut (*this).last).write(last);
            (&raw mut (*this).body.closure).write(ManuallyDrop::new(closure));
        }
        block.cast()
    }

    /// # Safety
    /// Called once, on the fiber's own stack.
    unsafe fn run(header: NonNull<Header>) {
        let this = header.cast::<Self>().as_ptr();
        // The closure is taken inside, so that one which is large is copied to this stack as seldom as can be.
        // SAFETY: it is there until it is taken here; nobody else touches the body until `COMPLETE`.
        let call = || unsafe { ManuallyDrop::take(&mut (*this).body.closure) }();
        let result = catch_unwind(AssertUnwindSafe(call));
        if result.is_err() {
            with_worker(|worker| worker.expect("a fiber runs on a worker").note_panic());
        }
        // SAFETY: the place of the closure, which was moved out.
        unsafe { (*this).body.result = ManuallyDrop::new(result) };
    }

    /// # Safety
    /// Called once, for a task that never runs.
    unsafe fn abandon(header: NonNull<Header>, reason: String) {
        let this = header.cast::<Self>().as_ptr();
        // SAFETY: as in `run`. The drop of what the closure captured may panic; then that is the reason.
        let dropped =
            catch_unwind(AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(&mut (*this).body.closure) }));
        let payload = dropped.err().unwrap_or_else(|| Box::new(reason));
        // SAFETY: the place of the closure, which was dropped.
        unsafe { (*this).body.result = ManuallyDrop::new(Err(payload)) };
    }

    /// # Safety
    /// The block lives.
    unsafe fn result(header: NonNull<Header>) -> *mut () {
        // SAFETY: the caller's promise.
        unsafe { (&raw mut (*header.cast::<Self>().as_ptr()).body.result).cast() }
    }

    /// # Safety
    /// The result is stored and was not taken, and nobody else takes it.
    unsafe fn drop_result(header: NonNull<Header>) {
        let this = header.cast::<Self>().as_ptr();
        // SAFETY: the caller's promise.
        let result = unsafe { ManuallyDrop::take(&mut (*this).body.result) };
        // SAFETY: the block lives.
        let (last, header) = unsafe { (&(*this).last, &(*this).header) };
        let dropped = catch_unwind(AssertUnwindSafe(|| match result {
            Ok(value) => drop(value),
            Err(payload) => last.unjoined_panic(header, payload),
        }));
        // The hook has reported the panic of that drop, and there is nobody left to tell; its payload may panic again.
        if let Err(payload) = dropped {
            std::mem::forget(payload);
        }
    }

    /// # Safety
    /// Called once, when the fiber has nothing else to do.
    unsafe fn last_act(header: NonNull<Header>) {
        // SAFETY: the block lives: the scheduler's reference is given back after this.
        unsafe { &header.cast::<Self>().as_ref().last }.act();
    }

    /// # Safety
    /// The last reference is gone; the body is empty.
    unsafe fn free(header: NonNull<Header>) {
        let block = header.cast::<Self>();
        // SAFETY: the caller's promise; the block is from `alloc`. A union drops nothing of itself.
        unsafe {
            if needs_drop::<L>() || !block.as_ref().header.owns_nothing() {
                block.drop_in_place();
            }
            blocks::give(block);
        }
    }
}
