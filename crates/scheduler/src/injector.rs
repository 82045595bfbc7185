//! A runtime's injector: tasks that any of its workers may take, from outside one by one, and from queues that overflow by the bunch.
//!
//! Knows nothing of workers, nor of what a task is.
//!
//! A bunch is one step for sixteen tasks, where each step writes to lines that all workers share (10 ns to put a task there and 10 to
//! take it, a quarter of a detached fiber's life). Its tasks stand in an array and are not linked: who takes them asks for their memory all
//! at once.

use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use sisal_queue::Inject;
use std::vec;

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

    /// The oldest, and the others, oldest first.
    pub(crate) fn into_tasks(self) -> (T, vec::IntoIter<T>) {
        match self {
            Self::One(task) => (task, Vec::new().into_iter()),
            Self::Many(tasks) => {
                let mut tasks = tasks.into_iter();
                (tasks.next().expect("a bunch is not empty"), tasks)
            }
        }
    }
}

/// Tasks that any worker may take, oldest first, as far as bunches go.
pub(crate) struct Injector<T> {
    bunches: sisal_queue::Injector<Bunch<T>>,
    /// Tasks beyond the first of each bunch; for [`len`](Self::len) alone.
    more: AtomicUsize,
}

impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        Self { bunches: sisal_queue::Injector::new(), more: AtomicUsize::new(0) }
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
    use std::iter;

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
        let tasks = |(oldest, others)| iter::once(oldest).chain(others).collect();
        let bunch = || injector.pop_bunch().map(|bunch| (bunch.len(), tasks(bunch.into_tasks())));
        let bunches: Vec<(usize, Vec<_>)> = std::iter::from_fn(bunch).collect();
        assert_eq!(bunches, [(1, vec![1]), (3, vec![2, 3, 4]), (1, vec![5])]);
        assert_eq!((injector.len(), injector.is_empty()), (0, true));
    }
}
