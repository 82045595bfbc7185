//! What runs next is asked for while something else runs, where so many fibers wait for their turn that the processor's cache
//! does not hold them, or where they have waited for a timer or a socket.
//!
//! Knows nothing of what they do. A fiber's memory is its task, its record at the top of its stack, and the frames below, from
//! the innermost on. Each of these leads to the next, and the returns from its frames are not predicted: without help a fiber
//! among a million waits for one line of memory after the other.

use super::Worker;
use crate::task::{Header, Record, Task};
use crate::timer::Due;
use sisal_base::prefetch;
use sisal_coro::Class;
use std::ptr::NonNull;

/// The ready list from which on it pays: some fewer are in the cache, unless a look has found them.
const READY_MIN: usize = 1_000;
/// What of a stack is asked for at most: from the innermost frame on.
const FRAMES_BYTES: usize = 1_216;
/// The frames of a fiber that waits for the first time, in a `recv` or a `sleep`.
const FIRST_FRAMES_BYTES: usize = 896;

/// Who waits for a moment, and where its stack begins: asking for that must not wait for the task.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    pub(super) task: Task,
    pub(super) record: *const Record,
}

impl Worker {
    /// Takes the oldest of the ready list.
    ///
    /// Memory takes longer to come than a short run: the stack of the second in the list is asked for, and the task of the fourth,
    /// which says where its stack is and who is behind it.
    #[inline(always)]
    pub(super) fn pop_ready(&self) -> Option<NonNull<Header>> {
        self.ready.with(|ready| {
            let node = ready.pop_front();
            if ready.len() >= READY_MIN || ready.has_called() {
                let [second, _, fourth] = ready.soon();
                // SAFETY: what stands in the ready list carries the scheduler's reference.
                let task = |node| unsafe { Task::from_raw(node) };
                fourth.map(task).inspect(fetch_task);
                second.map(task).inspect(fetch_fiber);
            }
            node
        })
    }

    /// Asks for a stack that a fiber of this class will soon start on, if it has not been used lately.
    #[inline(always)]
    pub(super) fn fetch_stack_ahead(&self, class: Class) {
        if let Some(base) = self.stacks.with(|stacks| stacks.cold_ahead(class)) {
            prefetch::lines(base - FIRST_FRAMES_BYTES, FIRST_FRAMES_BYTES + size_of::<Record>());
        }
    }
}

/// Asks for a task that will soon be looked at.
#[inline]
pub(super) fn fetch_task(task: &Task) {
    prefetch::lines(task.as_ptr().addr().get(), size_of::<Header>());
}

/// Asks for a fresh task that another worker has written, with its closure.
#[inline]
pub(super) fn fetch_fresh(task: Task) {
    prefetch::lines_to_write(task.as_ptr().addr().get(), size_of::<Header>() + 64);
}

/// Asks for those who are woken now: their tasks, and the pages in which their stacks begin. To find a page takes the processor longer
/// than to fetch a line, and it looks for several at a time if nothing but that is to be done.
#[inline]
pub(super) fn fetch_due(due: &[Due<Waiting>]) {
    due.iter().for_each(|due| prefetch::lines(due.what.record.addr(), 1));
    due.iter().for_each(|due| fetch_task(&due.what.task));
}

/// Asks for what its next run begins with: its innermost frames and its record.
#[inline]
fn fetch_fiber(task: &Task) {
    let header = task.header();
    if let Some(record) = header.record() {
        let base = std::ptr::from_ref(record).addr();
        let depth = header.depth().unwrap_or(FRAMES_BYTES);
        prefetch::lines(base.wrapping_sub(depth), depth.min(FRAMES_BYTES));
        prefetch::lines(base, size_of::<Record>());
    }
}
