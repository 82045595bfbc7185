//! Which worker this OS thread is, or whose blocking pool it belongs to.
//!
//! Knows nothing of workers but their address.

use crate::crew::Crew;
use crate::worker::Worker;
use std::cell::{Cell, OnceCell};
use std::ptr;
use std::sync::Weak;

thread_local! {
    static WORKER: Cell<*const Worker> = const { Cell::new(ptr::null()) };
    static POOL_OF: OnceCell<Weak<Crew>> = const { OnceCell::new() };
}

/// The address of this thread's worker, or null. Never inlined and opaque to the optimiser, so that it is asked anew after
/// each suspension: a fiber that may migrate can be on another thread by then, and the address of a thread-local, unlike
/// its value, would be remembered.
#[inline(never)]
fn worker_ptr() -> *const Worker {
    // SAFETY: no instruction; it keeps the optimiser from taking this function for a pure one.
    #[cfg(not(miri))]
    unsafe {
        std::arch::asm!("", options(nostack, preserves_flags));
    }
    WORKER.with(Cell::get)
}

/// Calls `f` with this thread's worker, if it is one. `f` must not suspend the fiber.
#[inline(always)]
pub(crate) fn with_worker<R>(f: impl FnOnce(Option<&Worker>) -> R) -> R {
    // SAFETY: set by `enter` for as long as the worker lives on this thread's stack.
    f(unsafe { worker_ptr().as_ref() })
}

/// Makes `worker` this thread's, while `f` runs.
pub(crate) fn enter<R>(worker: &Worker, f: impl FnOnce() -> R) -> R {
    WORKER.with(|slot| slot.set(worker));
    let result = f();
    WORKER.with(|slot| slot.set(ptr::null()));
    result
}

/// Makes this thread one of the blocking pool of `crew`, for the rest of its life.
pub(crate) fn enter_pool(crew: Weak<Crew>) {
    POOL_OF.with(|slot| slot.set(crew).expect("a thread belongs to one pool"));
}

/// The crew to whose blocking pool this thread belongs. Asked only where no worker is, so by nobody who migrates.
pub(crate) fn pool_crew() -> Option<Weak<Crew>> {
    POOL_OF.try_with(|slot| slot.get().cloned()).ok().flatten()
}
