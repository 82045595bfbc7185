//! What is put into a sleeper's inbox is taken: `Sleeper::wake` against `announce`.
//!
//! Method: two threads. The worker sleeps whenever its inbox is empty; if it is not rung when it must be, loom finds that
//! all threads are blocked.

use loom::thread;
use loom_tests::{Bell, Bounds, Ledger, model};
use sisal_base::sync::Arc;
use sisal_queue::{Chained, Idle, Link, Mailbox, Roused};
use std::ptr::NonNull;

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
    fn deliver(&self, number: usize) {
        let node = Box::leak(Box::new(Node { number, link: Link::new() }));
        // SAFETY: new, and alive until it is taken.
        unsafe { self.mailbox.inbox().push(NonNull::from(node)) };
        if self.mailbox.sleeper().wake() {
            self.bell.ring();
        }
    }

    fn take(&self, ledger: &Ledger<2>) {
        let mut chain = self.mailbox.inbox().take_all();
        while let Some(node) = chain.pop_front() {
            // SAFETY: leaked in `deliver`, and popped once.
            ledger.take(unsafe { Box::from_raw(node.as_ptr()) }.number);
        }
    }

    fn sleep(&self) {
        self.idle.announce(self.mailbox.sleeper());
        if self.mailbox.inbox().is_empty() {
            self.bell.sleep();
        }
        let roused = self.idle.withdraw(self.mailbox.sleeper());
        assert!(matches!(roused, Roused::ByMyself | Roused::Rung), "nobody has wanted a search");
    }
}

#[test]
fn holds() {
    model("inbox_wakes_its_worker", Bounds::unbounded(90_000), || {
        let ledger = Ledger::<2>::new();
        let worker = Arc::new(Worker { idle: Idle::new(), mailbox: Mailbox::new(), bell: Bell::new() });
        let pusher = {
            let (ledger, worker) = (ledger.clone(), worker.clone());
            thread::spawn(move || (0..2).for_each(|number| worker.deliver(ledger.give(number))))
        };
        while ledger.taken() < 2 {
            if !worker.mailbox.inbox().is_empty() {
                worker.take(&ledger);
            } else {
                worker.sleep();
            }
        }
        pusher.join().unwrap();
        ledger.settle();
    });
}
