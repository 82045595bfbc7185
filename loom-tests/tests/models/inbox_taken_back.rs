//! The monitor takes what is in the inbox of a worker that a fiber holds, keeps what anybody may run, and puts the rest back: the worker
//! misses nothing of that, whether it comes round meanwhile or not.
//!
//! Method: two threads. The worker sleeps whenever its inbox is empty; if it is not rung when it must be, loom finds that
//! all threads are blocked.

use loom::thread;
use loom_tests::{Bell, Bounds, Ledger, model};
use sisal_base::sync::Arc;
use sisal_queue::{Chained, Idle, Link, Mailbox};
use std::cell::Cell;
use std::ptr::NonNull;

/// The worker's own; the other one is anybody's.
const OWN: usize = 0;

struct Node {
    number: usize,
    link: Link<Node>,
}

// SAFETY: `link` is a field.
unsafe impl Chained for Node {
    unsafe fn next(this: NonNull<Self>) -> NonNull<Link<Self>> {
        // SAFETY: a field of a live value.
        unsafe { NonNull::new_unchecked(&raw mut (*this.as_ptr()).link) }
    }
}

struct Worker {
    idle: Idle,
    mailbox: Mailbox<Node>,
    bell: Bell,
}

impl Worker {
    fn deliver(&self, node: NonNull<Node>) {
        // SAFETY: in no chain, and alive until it is settled.
        unsafe { self.mailbox.inbox().push(node) };
        if self.mailbox.sleeper().wake() {
            self.bell.ring();
        }
    }

    /// Takes all, and does with each what `with` says.
    fn take(&self, mut with: impl FnMut(NonNull<Node>, usize)) {
        let mut chain = self.mailbox.inbox().take_all();
        while let Some(node) = chain.pop_front() {
            // SAFETY: leaked below, popped, and not settled yet.
            let number = unsafe { node.as_ref() }.number;
            with(node, number);
        }
    }

    fn sleep(&self) {
        self.idle.announce(self.mailbox.sleeper());
        if self.mailbox.inbox().is_empty() {
            self.bell.sleep();
        }
        drop(self.idle.withdraw(self.mailbox.sleeper()));
    }
}

fn settle(ledger: &Ledger<2>, node: NonNull<Node>) {
    // SAFETY: leaked below, and popped for the last time.
    ledger.take(unsafe { Box::from_raw(node.as_ptr()) }.number);
}

#[test]
fn holds() {
    model("inbox_taken_back", Bounds::unbounded(400), || {
        let ledger = Ledger::<2>::new();
        let worker = Arc::new(Worker { idle: Idle::new(), mailbox: Mailbox::new(), bell: Bell::new() });
        for number in 0..2 {
            let node = Node { number: ledger.give(number), link: Link::new() };
            worker.deliver(NonNull::from(Box::leak(Box::new(node))));
        }
        let monitor = {
            let (ledger, worker) = (ledger.clone(), worker.clone());
            thread::spawn(move || {
                worker.take(
                    |node, number| {
                        if number == OWN { worker.deliver(node) } else { settle(&ledger, node) }
                    },
                );
            })
        };
        let has_own = Cell::new(false);
        while !has_own.get() {
            if worker.mailbox.inbox().is_empty() {
                worker.sleep();
            } else {
                worker.take(|node, number| {
                    has_own.set(has_own.get() || number == OWN);
                    settle(&ledger, node);
                });
            }
        }
        monitor.join().unwrap();
        ledger.settle();
    });
}
