//! An executor of futures that knows nothing of sisal: a few OS threads and a queue, as others have.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread::JoinHandle;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future, until it is ready, and whether it stands in the queue.
struct Slot {
    future: Mutex<Option<Task>>,
    queued: Mutex<bool>,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    /// What is to be polled, and how many futures are not ready yet.
    inside: Mutex<(VecDeque<Arc<Slot>>, usize)>,
    changed: Condvar,
}

impl Wake for Slot {
    fn wake(self: Arc<Self>) {
        if !std::mem::replace(&mut *self.queued.lock().unwrap(), true) {
            let queue = Arc::clone(&self.queue);
            queue.inside.lock().unwrap().0.push_back(self);
            queue.changed.notify_one();
        }
    }
}

impl Slot {
    fn poll(self: &Arc<Self>) {
        *self.queued.lock().unwrap() = false;
        let mut future = self.future.lock().unwrap();
        let waker = Waker::from(Arc::clone(self));
        let context = &mut Context::from_waker(&waker);
        if future.as_mut().is_some_and(|future| future.as_mut().poll(context).is_ready()) {
            *future = None;
            self.queue.inside.lock().unwrap().1 -= 1;
            self.queue.changed.notify_all();
        }
    }
}

impl Queue {
    /// Polls until all futures are ready.
    fn run(&self) {
        let mut inside = self.inside.lock().unwrap();
        while inside.1 > 0 {
            match inside.0.pop_front() {
                Some(slot) => {
                    drop(inside);
                    slot.poll();
                    inside = self.inside.lock().unwrap();
                }
                None => inside = self.changed.wait(inside).unwrap(),
            }
        }
    }
}

/// Runs futures on OS threads of its own, until all are ready.
pub(crate) struct Executor {
    queue: Arc<Queue>,
    threads: usize,
}

impl Executor {
    pub(crate) fn new(threads: usize) -> Self {
        Self { queue: Arc::default(), threads }
    }

    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.queue.inside.lock().unwrap().1 += 1;
        let future = Mutex::new(Some(Box::pin(future) as Task));
        Arc::new(Slot { future, queued: Mutex::new(false), queue: Arc::clone(&self.queue) }).wake();
    }

    /// Starts the threads; each ends with the last future.
    pub(crate) fn start(self) -> Vec<JoinHandle<()>> {
        let run = |queue: Arc<Queue>| std::thread::spawn(move || queue.run());
        (0..self.threads).map(|_| run(Arc::clone(&self.queue))).collect()
    }
}
