//! The injector: the global queue, for work from outside the workers and for what overflows their own queues.
//!
//! Knows nothing of workers. The queue itself is crossbeam's; generic code asks for [`Inject`] and no more, so that a
//! model can put a queue in its place that promises less.

use crossbeam_deque::Steal;
use std::fmt;

/// An unbounded first-in, first-out queue that any thread may push to and pop from.
///
/// What the idle protocol needs of it: a push that comes before a `SeqCst` fence of one thread is seen by the
/// [`is_empty`](Inject::is_empty) and the [`pop`](Inject::pop) that come after a `SeqCst` fence of another, if its fence
/// is the later one. No more.
pub trait Inject<T> {
    /// Puts an item behind all others.
    fn push(&self, item: T);

    /// Puts items behind all others, in their order; other pushes may come between them.
    fn push_batch(&self, items: impl IntoIterator<Item = T>)
    where
        Self: Sized,
    {
        items.into_iter().for_each(|item| self.push(item));
    }

    /// Takes the oldest item.
    fn pop(&self) -> Option<T>;

    /// Whether there is no item. Cheap: who has nothing to do asks it all the time.
    fn is_empty(&self) -> bool;

    /// How many items there are, or were a moment ago.
    fn len(&self) -> usize;
}

/// crossbeam's injector.
///
/// ```
/// use sisal_queue::{Inject, Injector};
/// let injector = Injector::new();
/// injector.push_batch([1, 2, 3]);
/// assert_eq!(injector.pop(), Some(1));
/// assert_eq!(injector.len(), 2);
/// ```
pub struct Injector<T>(crossbeam_deque::Injector<T>);

impl<T> Injector<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Self(crossbeam_deque::Injector::new())
    }
}

impl<T> Inject<T> for Injector<T> {
    #[inline]
    fn push(&self, item: T) {
        self.0.push(item);
    }

    #[inline]
    fn pop(&self) -> Option<T> {
        loop {
            match self.0.steal() {
                Steal::Success(item) => return Some(item),
                Steal::Empty => return None,
                // Somebody else has taken the one that was looked at.
                Steal::Retry => {}
            }
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Default for Injector<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Injector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injector").field("len", &self.len()).finish()
    }
}
