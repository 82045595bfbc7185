//! Where others leave work for one worker, and how they wake it.
//!
//! Knows nothing of what the worker does with it.
//!
//! *Last touch.* A waker from another thread takes a fiber out of `PARKED`, pushes it into its home's inbox, and then looks
//! whether the worker sleeps. By then the fiber may have run and ended, and its runtime may be gone. So a post is never
//! freed: a runtime's posts go to a list from which the next runtime takes its own. The worst that a late waker
//! can do is wake a worker that has nothing to do. They go there when nobody can reach the runtime any more, so that a late
//! spawner's fresh task is never left with another runtime.

use crate::task::{Header, Task};
use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use sisal_queue::Mailbox;
use sisal_reactor::Reactor;
use std::iter;
use std::sync::{Arc, Mutex, PoisonError};

/// One worker's place for what comes from elsewhere.
pub(crate) struct Post {
    pub(crate) mailbox: Mailbox<Header>,
    /// The worker's index in its runtime, for reports.
    index: AtomicUsize,
    /// How to wake the worker while it sleeps; `None` once it is gone.
    reactor: Mutex<Option<Arc<Reactor>>>,
}

/// Posts that no runtime uses.
static FREE: Mutex<Vec<&'static Post>> = Mutex::new(Vec::new());

impl Post {
    /// A post for a new worker, which sleeps in `reactor`.
    pub(crate) fn take(index: usize, reactor: Arc<Reactor>) -> &'static Post {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let post = free.unwrap_or_else(|| {
            let (mailbox, index) = (Mailbox::new(), AtomicUsize::new(0));
            Box::leak(Box::new(Post { mailbox, index, reactor: Mutex::new(None) }))
        });
        post.index.store(index, Ordering::Relaxed);
        *post.reactor.lock().unwrap_or_else(PoisonError::into_inner) = Some(reactor);
        post
    }

    /// The worker's index in its runtime.
    pub(crate) fn index(&self) -> usize {
        self.index.load(Ordering::Relaxed)
    }

    /// The worker is gone, and with it every fiber that has this home, and whoever could send it one.
    pub(crate) fn give(&'static self) {
        self.disconnect();
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }

    /// The worker is gone; what still comes is left lying.
    pub(crate) fn disconnect(&self) {
        *self.reactor.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Wakes the worker from the kernel's sleep. Costs some 7,000 ns if it does sleep.
    pub(crate) fn ring(&self) {
        if let Some(reactor) = &*self.reactor.lock().unwrap_or_else(PoisonError::into_inner) {
            reactor.ring();
        }
    }

    /// What was left here, in that order. All of it is to be looked at.
    pub(crate) fn take_delivered(&self) -> impl Iterator<Item = Task> {
        let mut delivered = self.mailbox.inbox().take_all();
        // SAFETY: what is delivered carries the scheduler's reference, and each is taken once.
        iter::from_fn(move || delivered.pop_front().map(|node| unsafe { Task::from_raw(node) }))
    }

    /// Leaves a task that must run on this worker, and wakes it if it sleeps.
    pub(crate) fn deliver(&self, task: Task) {
        // SAFETY: the task is alive and in no queue: the caller is its one submitter.
        unsafe { self.mailbox.inbox().push(task.as_ptr()) };
        if self.mailbox.sleeper().wake() {
            self.ring();
        }
    }
}
