//! How a task is woken: by a waker with a reference of its own, or by one without, from a place on the fiber's stack.
//!
//! Knows nothing of who wakes. Where a woken task goes is `worker/submit`'s matter.

use super::refs::release;
use super::{Header, Task};
use crate::worker::{submit_woken, take_uncommitted};
use sisal_park::{Wake, WakeKind, Waker, WakerVTable};
use std::ptr::{self, NonNull};

/// A waker of the task, with a reference of its own.
#[inline]
pub(crate) fn waker(header: &Header) -> Waker {
    header.state.retain();
    // SAFETY: the waker owns the reference just taken.
    unsafe { Waker::new(ptr::from_ref(header).cast(), &WAKER) }
}

/// A waker of the task without a reference, for a place on the fiber's own stack.
#[inline]
pub(crate) fn lent_waker(header: &Header) -> Waker {
    // SAFETY: a fiber keeps its task until it ends, so while anything stands on its stack.
    unsafe { Waker::lent(ptr::from_ref(header).cast(), &WAKER) }
}

static WAKER: WakerVTable =
    WakerVTable { clone: clone_waker, wake: wake_task, drop: drop_waker, win: win_task, submit: submit_task };

/// # Safety
/// `data` is a waker's header, of which it owns a reference.
unsafe fn clone_waker(data: *const ()) {
    // SAFETY: the caller's promise.
    unsafe { &*data.cast::<Header>() }.state.retain();
}

/// # Safety
/// As [`clone_waker`].
unsafe fn wake_task(data: *const (), kind: WakeKind) {
    // SAFETY: the caller's promise.
    let header = unsafe { &*data.cast::<Header>() };
    let is_won = match kind {
        WakeKind::Unpark => header.word.unpark() == Wake::Submit,
        WakeKind::Back | WakeKind::Next => win(header) || header.word.wake() == Wake::Submit,
    };
    if is_won {
        submit(header, kind);
    }
}

/// # Safety
/// The fiber has not ended.
unsafe fn win_task(data: *const ()) -> bool {
    // SAFETY: the caller's promise: it keeps the task.
    win(unsafe { &*data.cast::<Header>() })
}

/// Wakes a fiber that waits, and nothing if it does not; the caller submits it.
#[inline(always)]
fn win(header: &Header) -> bool {
    header.word.win() || take_uncommitted(header)
}

/// # Safety
/// The caller's [`win_task`] was the one that won.
unsafe fn submit_task(data: *const (), kind: WakeKind) {
    // SAFETY: the fiber has not run since then, so it has not ended.
    let header = unsafe { &*data.cast::<Header>() };
    submit(header, kind);
}

/// Of a fiber that was parked, whose wake the caller has won.
#[inline]
fn submit(header: &Header, kind: WakeKind) {
    // SAFETY: the scheduler's reference is held as long as the fiber has not ended, and it was parked.
    let task = unsafe { Task::from_raw(NonNull::from(header)) };
    submit_woken(task, kind);
}

/// # Safety
/// As [`clone_waker`], and the reference is given back here.
unsafe fn drop_waker(data: *const ()) {
    // SAFETY: the caller's promise.
    unsafe { release(NonNull::new_unchecked(data.cast_mut().cast::<Header>())) };
}
