//! The started fibers of one worker, so that a shutdown or a dump finds them.
//!
//! Knows nothing of what they do.
//!
//! Who leaves leaves a hole, which the next to come fills. (Were the last fiber of the table moved there instead, each end among
//! a million would touch the memory of another that nobody runs.)
//!
//! Where fibers stay home, the worker alone comes here, with no lock; others see the count, and ask the worker for the rest.
//! Where they migrate, a fiber may end on another worker, so each step takes the lock.

use crate::task::Task;
use sisal_base::backoff::Backoff;
use sisal_base::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::compiler_fence;

/// A worker's started fibers. Each knows its place, so that leaving costs no search.
pub(crate) struct LiveTable {
    tasks: UnsafeCell<Places>,
    /// Whether fibers may leave from other workers.
    shared: bool,
    held: AtomicBool,
    /// A step is under way: a handler that interrupts it must not look.
    changes: Cell<bool>,
    /// How many places are taken, for others' looks.
    count: AtomicUsize,
    /// How many of them wait for their children.
    joining: AtomicUsize,
    /// Fresh tasks that were sent here and have not started yet.
    expected: AtomicUsize,
}

/// Places with a fiber each, and the holes among them, the latest last.
struct Places {
    tasks: Vec<Option<Task>>,
    holes: Vec<usize>,
}

impl Places {
    #[inline]
    fn enter(&mut self, task: Task) -> usize {
        match self.holes.pop() {
            Some(hole) => {
                self.tasks[hole] = Some(task);
                hole
            }
            None => {
                self.tasks.push(Some(task));
                self.tasks.len() - 1
            }
        }
    }

    #[inline]
    fn leave(&mut self, index: usize) {
        self.tasks[index] = None;
        self.holes.push(index);
        if self.holes.len() == self.tasks.len() {
            // Whoever looks for fibers need not pass by a million holes.
            self.holes.clear();
            self.tasks.clear();
        }
    }

    #[inline]
    fn count(&self) -> usize {
        self.tasks.len() - self.holes.len()
    }

    fn each(&self) -> impl Iterator<Item = Task> {
        self.tasks.iter().copied().flatten()
    }
}

// SAFETY: `with` admits the owner alone, or whoever has the lock.
unsafe impl Sync for LiveTable {}

impl LiveTable {
    pub(crate) fn new(shared: bool) -> Self {
        let (tasks, held) =
            (UnsafeCell::new(Places { tasks: Vec::new(), holes: Vec::new() }), AtomicBool::new(false));
        Self {
            tasks,
            shared,
            held,
            changes: Cell::new(false),
            count: AtomicUsize::new(0),
            joining: AtomicUsize::new(0),
            expected: AtomicUsize::new(0),
        }
    }

    /// How many fibers live here.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// How many fibers live here, or are on their way, that are a load: one that waits for its children is none, and ends with them. (Counting them
    /// sends the children of a fork-join tree away, their parents wait, and thousands live at once.)
    #[inline]
    pub(crate) fn load(&self) -> usize {
        self.count_with_expected().saturating_sub(self.joining.load(Ordering::Relaxed))
    }

    /// [`count`](Self::count), and those on their way here.
    pub(crate) fn count_with_expected(&self) -> usize {
        self.count() + self.expected.load(Ordering::Relaxed)
    }

    /// A fresh task is on its way here. (A sender that did not count it would send a thousand before the first starts.)
    pub(crate) fn expect(&self) {
        self.expected.fetch_add(1, Ordering::Relaxed);
    }

    /// One that was expected starts, or never will.
    pub(crate) fn expect_no_more(&self) {
        self.expected.fetch_sub(1, Ordering::Relaxed);
    }

    /// One of the fibers begins to wait for its children, or ends to.
    #[inline]
    pub(crate) fn set_joining(&self, joins: bool) {
        let change = if joins { 1 } else { usize::MAX };
        if self.shared {
            self.joining.fetch_add(change, Ordering::Relaxed);
        } else {
            // The owner alone writes.
            self.joining.store(self.joining.load(Ordering::Relaxed).wrapping_add(change), Ordering::Relaxed);
        }
    }

    /// # Safety
    /// Called by the worker whose table it is, unless it is shared. `f` does not come back here.
    #[inline(always)]
    unsafe fn with<R>(&self, f: impl FnOnce(&mut Places) -> R) -> R {
        if self.shared {
            let mut backoff = Backoff::new();
            // Acquire: pairs with the Release below.
            while self.held.swap(true, Ordering::Acquire) {
                backoff.look_away();
            }
        }
        // Seen by this thread alone, so the compiler's order is all that matters.
        self.changes.set(true);
        compiler_fence(Ordering::SeqCst);
        // SAFETY: the owner alone, or who has the lock.
        let result = f(unsafe { &mut *self.tasks.get() });
        compiler_fence(Ordering::SeqCst);
        self.changes.set(false);
        if self.shared {
            self.held.store(false, Ordering::Release);
        }
        result
    }

    /// Enters a fiber; its place.
    ///
    /// # Safety
    /// Called by the worker whose table it is, unless it is shared.
    #[inline]
    pub(crate) unsafe fn enter(&self, task: Task) -> usize {
        // SAFETY: the caller's promise.
        unsafe {
            self.with(|places| {
                let index = places.enter(task);
                self.count.store(places.count(), Ordering::Relaxed);
                index
            })
        }
    }

    /// Takes out the fiber whose place `index` gives, which is asked for under the lock.
    ///
    /// # Safety
    /// As [`enter`](Self::enter).
    #[inline]
    pub(crate) unsafe fn leave(&self, index: impl FnOnce() -> usize) {
        // SAFETY: the caller's promise.
        unsafe {
            self.with(|places| {
                places.leave(index());
                self.count.store(places.count(), Ordering::Relaxed);
            });
        }
    }

    /// Calls `f` with each live fiber, none of which can end meanwhile: `f` must neither park nor wake.
    ///
    /// # Safety
    /// As [`enter`](Self::enter).
    pub(crate) unsafe fn for_each(&self, f: impl FnMut(Task)) {
        // SAFETY: the caller's promise.
        unsafe { self.with(|places| places.each().for_each(f)) };
    }

    /// [`for_each`](Self::for_each) for a handler that has interrupted whatever the owner does; `false`, and nothing is called, where that
    /// was a step on this table, or others may take steps on it.
    ///
    /// # Safety
    /// Called on the owner's thread; and `f` neither waits nor allocates.
    pub(crate) unsafe fn for_each_at_rest(&self, f: impl FnMut(Task)) -> bool {
        compiler_fence(Ordering::SeqCst);
        if self.shared || self.changes.get() {
            return false;
        }
        // SAFETY: no step is under way, and the only one who could take one is interrupted.
        unsafe { &*self.tasks.get() }.each().for_each(f);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::NonNull;

    #[test]
    fn holes_are_filled_and_none_is_left_once_all_are_gone() {
        let mut places = Places { tasks: Vec::new(), holes: Vec::new() };
        // SAFETY: nobody looks at it.
        let task = unsafe { Task::from_raw(NonNull::dangling()) };
        let enter = |places: &mut Places| places.enter(task);
        assert_eq!([(); 4].map(|()| enter(&mut places)), [0, 1, 2, 3]);
        places.leave(1);
        places.leave(2);
        assert_eq!((places.count(), places.each().count()), (2, 2));
        assert_eq!([(); 3].map(|()| enter(&mut places)), [2, 1, 4]);
        (0..5).for_each(|index| places.leave(index));
        assert_eq!((places.count(), places.tasks.len(), places.holes.len()), (0, 0, 0));
        assert_eq!(enter(&mut places), 0);
    }
}
