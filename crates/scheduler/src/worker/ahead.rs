//! What runs next is asked for while something else runs, where so many fibers wait for their turn that the processor's cache
//! does not hold them.
//!
//! Knows nothing of what they do. A fiber's memory is its task, its record at the top of its stack, and the frames below, from
//! the innermost on. Each of these leads to the next, and the returns from its frames are not predicted: without help a fiber
//! among a million waits for one line of memory after the other.

use super::Worker;
use crate::task::{Header, Record, Task};
use sisal_base::prefetch;
use sisal_coro::Class;
use std::ptr::NonNull;

/// The ready list from which on it pays: some fewer are in the cache.
const READY_MIN: usize = 1_000;
/// What of a stack is asked for at most: from the innermost frame on.
const FRAMES_BYTES: usize = 1_216;

impl Worker {
    /// Takes the oldest of the ready list.
    #[inline(always)]
    pub(super) fn pop_ready(&self) -> Option<NonNull<Header>> {
        self.ready.with(|ready| {
            let node = ready.pop_front();
            if ready.len() >= READY_MIN {
                let (next, after) = ready.next_two();
                if let Some(next) = next {
                    // SAFETY: what stands in the ready list carries the scheduler's reference.
                    fetch_fiber(unsafe { Task::from_raw(next) });
                }
                if let Some(after) = after {
                    prefetch::lines(after.addr().get(), size_of::<Header>());
                }
            }
            node
        })
    }

    /// Asks for the stack that the next fiber of this class to start will get, if it has not been used lately.
    #[inline(always)]
    pub(super) fn fetch_next_stack(&self, class: Class) {
        if let Some(base) = self.stacks.with(|stacks| stacks.next_cold(class)) {
            fetch_stack(base);
        }
    }
}

/// Asks for what its next run begins with.
#[inline]
fn fetch_fiber(task: Task) {
    if let Some(record) = task.header().record() {
        fetch_stack(std::ptr::from_ref(record).addr());
    }
}

/// Asks for the top of the stack whose frames begin at `base`, and for the record above them.
#[inline]
fn fetch_stack(base: usize) {
    prefetch::lines(base - FRAMES_BYTES, FRAMES_BYTES + size_of::<Record>());
}
