//! Which worker this OS thread is.
//!
//! Knows nothing of workers but their address.

use crate::worker::Worker;
use std::cell::Cell;
use std::ptr;

thread_local! {
    static WORKER: Cell<*const Worker> = const { Cell::new(ptr::null()) };
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
