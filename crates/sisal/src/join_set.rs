//! Fibers that are joined as they end.
//!
//! Knows nothing of how they run: each says over a channel that it has ended.

use crate::channel::{self, Receiver, Sender};
use crate::fiber::{Builder, Fiber, JoinHandle, Result};
use crate::join::AtEnd;
use std::collections::HashMap;
use std::fmt;
use std::io;

/// Fibers whose results are taken in the order in which they end, as tokio's `JoinSet` or Go's `errgroup`.
///
/// Dropping it cancels those that still run, and detaches them.
///
/// ```
/// use sisal::fiber::JoinSet;
/// use sisal::time::sleep;
/// use std::time::Duration;
///
/// let mut set = JoinSet::new();
/// for ms in [30, 10, 20] {
///     set.spawn(move || {
///         sleep(Duration::from_millis(ms));
///         ms
///     });
/// }
/// let order: Vec<u64> = std::iter::from_fn(|| set.join_next()).map(|result| result.unwrap()).collect();
/// assert_eq!(order, [10, 20, 30]);
/// ```
pub struct JoinSet<T> {
    handles: HashMap<u64, JoinHandle<T>>,
    next_key: u64,
    ended: Receiver<u64>,
    end: Sender<u64>,
}

impl<T: Send + 'static> JoinSet<T> {
    /// No fibers.
    pub fn new() -> Self {
        let (end, ended) = channel::unbounded();
        Self { handles: HashMap::new(), next_key: 0, ended, end }
    }

    /// Spawns a fiber into the set.
    ///
    /// # Panics
    /// As [`fiber::spawn`](crate::fiber::spawn).
    #[track_caller]
    pub fn spawn(&mut self, f: impl FnOnce() -> T + Send + 'static) -> Fiber {
        match self.spawn_with(Builder::new(), f) {
            Ok(fiber) => fiber,
            Err(error) => panic!("cannot spawn a fiber: {error}"),
        }
    }

    /// Spawns a fiber with a builder's settings.
    ///
    /// # Errors
    /// As [`Builder::spawn`].
    #[track_caller]
    pub fn spawn_with(
        &mut self,
        builder: Builder,
        f: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Fiber> {
        let (key, end) = (self.next_key, self.end.clone());
        // Also if it panics, and if it is dropped unrun because its runtime ends.
        let at_end = AtEnd(Some(move || {
            let _ = end.send(key);
        }));
        let handle = builder.spawn(move || {
            let _at_end = at_end;
            f()
        })?;
        self.next_key += 1;
        let fiber = handle.fiber();
        self.handles.insert(key, handle);
        Ok(fiber)
    }
}

impl<T> JoinSet<T> {
    /// How many fibers have not been joined.
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether all fibers have been joined.
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Waits for the next fiber to end, and gives its result; `None` if the set is empty. A cancel of the caller does not end
    /// this wait, as it does not end [`JoinHandle::join`].
    pub fn join_next(&mut self) -> Option<Result<T>> {
        loop {
            let key = if self.is_empty() { return None } else { self.wait_for_end() };
            // The fiber has but a few instructions left.
            if let Some(handle) = self.handles.remove(&key) {
                return Some(handle.join());
            }
        }
    }

    /// [`join_next`](Self::join_next), if a fiber has ended already.
    pub fn try_join_next(&mut self) -> Option<Result<T>> {
        let key = self.ended.try_recv().ok()?;
        self.handles.remove(&key).map(JoinHandle::join)
    }

    /// Waits for all, and gives their results in the order in which they end.
    pub fn join_all(mut self) -> Vec<Result<T>> {
        std::iter::from_fn(|| self.join_next()).collect()
    }

    /// [Cancels](JoinHandle::cancel) every fiber of the set. They stay in it until they are joined.
    pub fn cancel_all(&self) {
        self.handles.values().for_each(JoinHandle::cancel);
    }

    fn wait_for_end(&self) -> u64 {
        crate::time::shield(|| self.ended.recv()).expect("the set has a sender of its own")
    }
}

impl<T: Send + 'static> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.cancel_all();
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish_non_exhaustive()
    }
}
