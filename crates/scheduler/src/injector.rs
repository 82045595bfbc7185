//! A runtime's injector: tasks that any of its workers may take, from outside one by one, and from queues that overflow by the bunch.
//!
//! Knows nothing of workers, nor of what a task is.
//!
//! A bunch is one step for sixteen tasks, where each step writes to lines that all workers share (10 ns to put a task there and 10 to
//! take it, a quarter of a detached fiber's life). Its tasks stand in an array and are not linked: who takes them asks for their memory all
//! at once. The array goes round between those who fill and those who empty it: if one thread takes it from the allocator and another
//! gives it back, both wait for the allocator's lock (half of a detached fiber's 150 ns on two workers whose caches are far apart).

use sisal_base::CachePadded;
use sisal_base::sync::Mutex;
use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use sisal_queue::Inject;

/// Tasks of a bunch at the most: few enough that several workers have some of a queue's older half.
pub(crate) const BUNCH_MAX: usize = 16;

/// What stands in one place of the queue.
pub(crate) enum Bunch<T> {
    One(T),
    /// Oldest first; not empty.
    Many(Vec<T>),
}

impl<T> Bunch<T> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(tasks) => tasks.len(),
        }
    }

    /// Oldest first.
    pub(crate) fn into_tasks(self) -> Vec<T> {
        match self {
            Self::One(task) => vec![task],
            Self::Many(tasks) => tasks,
        }
    }
}

/// Tasks that any worker may take, oldest first, as far as bunches go.
pub(crate) struct Injector<T> {
    bunches: sisal_queue::Injector<Bunch<T>>,
    /// Tasks beyond the first of each bunch; for [`len`](Self::len) alone.
    more: AtomicUsize,
    /// Arrays that some workers have too many of.
    empty: CachePadded<Mutex<Vec<Vec<T>>>>,
}

/// Empty arrays for the next bunches of a worker.
pub(crate) struct Arrays<T>(Vec<Vec<T>>);

/// Arrays that a worker keeps: those of a queue's older half, twice.
const ARRAYS_KEPT: usize = 16;
/// Arrays that all workers together keep: 32 KiB.
const ARRAYS_MAX: usize = 256;

impl<T> Arrays<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty array with room for a bunch.
    pub(crate) fn take(&mut self, injector: &Injector<T>) -> Vec<T> {
        if self.0.is_empty() {
            // Nobody waits here.
            if let Some(mut empty) = injector.empty.try_lock() {
                let left = empty.len().saturating_sub(ARRAYS_KEPT / 2);
                self.0.extend(empty.drain(left..));
            }
        }
        self.0.pop().unwrap_or_else(|| Vec::with_capacity(BUNCH_MAX))
    }

    /// Takes an array back that has been emptied.
    pub(crate) fn give(&mut self, array: Vec<T>, injector: &Injector<T>) {
        debug_assert!(array.is_empty());
        if array.capacity() < BUNCH_MAX {
            return;
        }
        if self.0.len() == ARRAYS_KEPT {
            let mut surplus = self.0.drain(ARRAYS_KEPT / 2..);
            if let Some(mut empty) = injector.empty.try_lock() {
                let room = ARRAYS_MAX - empty.len();
                empty.extend(surplus.by_ref().take(room));
            }
        }
        self.0.push(array);
    }
}

impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        Self {
            bunches: sisal_queue::Injector::new(),
            more: AtomicUsize::new(0),
            empty: CachePadded::new(Mutex::new(Vec::new())),
        }
    }

    pub(crate) fn push(&self, task: T) {
        self.bunches.push(Bunch::One(task));
    }

    /// Puts tasks there that are taken together; oldest first.
    pub(crate) fn push_bunch(&self, tasks: Vec<T>) {
        if tasks.is_empty() {
            return;
        }
        if tasks.len() > 1 {
            self.more.fetch_add(tasks.len() - 1, Ordering::Relaxed);
        }
        self.bunches.push(Bunch::Many(tasks));
    }

    /// Takes one; those of its bunch go behind all others. Between the two they are seen nowhere, so whoever gets one must
    /// offer the others: [`is_empty`](Self::is_empty) says whether there may be some.
    pub(crate) fn pop(&self) -> Option<T> {
        match self.pop_bunch()? {
            Bunch::One(task) => Some(task),
            Bunch::Many(mut tasks) => {
                let first = tasks.remove(0);
                self.push_bunch(tasks);
                Some(first)
            }
        }
    }

    /// Takes the oldest bunch.
    pub(crate) fn pop_bunch(&self) -> Option<Bunch<T>> {
        let bunch = self.bunches.pop()?;
        if bunch.len() > 1 {
            self.more.fetch_sub(bunch.len() - 1, Ordering::Relaxed);
        }
        Some(bunch)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bunches.is_empty()
    }

    /// How many tasks there are, or were a moment ago.
    pub(crate) fn len(&self) -> usize {
        self.bunches.len() + self.more.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> Injector<u32> {
        let injector = Injector::new();
        injector.push(1);
        injector.push_bunch(vec![2, 3, 4]);
        injector.push_bunch(Vec::new());
        injector.push_bunch(vec![5]);
        injector
    }

    #[test]
    fn one_at_a_time_each_comes_once_and_the_rest_of_a_bunch_waits_behind_the_others() {
        let injector = filled();
        let order = (0..5).rev().map(|left| {
            let next = injector.pop().unwrap();
            assert_eq!((injector.len(), injector.is_empty()), (left, left == 0));
            next
        });
        assert_eq!(order.collect::<Vec<_>>(), [1, 2, 5, 3, 4]);
        assert!(injector.pop().is_none());
    }

    #[test]
    fn a_bunch_comes_together_oldest_first() {
        let injector = filled();
        assert_eq!(injector.len(), 5);
        let bunch = || injector.pop_bunch().map(|bunch| (bunch.len(), bunch.into_tasks()));
        let bunches: Vec<(usize, Vec<_>)> = std::iter::from_fn(bunch).collect();
        assert_eq!(bunches, [(1, vec![1]), (3, vec![2, 3, 4]), (1, vec![5])]);
        assert_eq!((injector.len(), injector.is_empty()), (0, true));
    }

    #[test]
    fn arrays_go_round_and_are_not_hoarded() {
        let (injector, mut filler, mut emptier) = (Injector::<u32>::new(), Arrays::new(), Arrays::new());
        let first = filler.take(&injector);
        let place = first.as_ptr();
        emptier.give(first, &injector);
        (0..ARRAYS_MAX + 2 * ARRAYS_KEPT)
            .for_each(|_| emptier.give(Vec::with_capacity(BUNCH_MAX), &injector));
        // One that came from elsewhere and has no room.
        emptier.give(Vec::new(), &injector);
        assert_eq!((injector.empty.lock().len(), emptier.0.len() <= ARRAYS_KEPT), (ARRAYS_MAX, true));
        while !injector.empty.lock().is_empty() {
            filler.take(&injector);
        }
        assert!(filler.0.len() < ARRAYS_KEPT);
        emptier.give(filler.take(&injector), &injector);
        assert!(emptier.0.iter().all(|array| array.capacity() >= BUNCH_MAX && array.is_empty()));
        assert_eq!(emptier.0[0].as_ptr(), place);
    }
}
