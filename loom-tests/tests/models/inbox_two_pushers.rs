//! What two pushers put into an inbox is taken once, and each one's in its order.
//!
//! Method: three threads; the taker looks while they push.

use loom::thread;
use loom_tests::{Bounds, Ledger, model};
use sisal_base::sync::Arc;
use sisal_queue::{Chained, Inbox, Link};
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

fn push(ledger: &Ledger<3>, inbox: &Inbox<Node>, number: usize) {
    let node = Box::leak(Box::new(Node { number: ledger.give(number), link: Link::new() }));
    // SAFETY: new, and alive until it is taken.
    unsafe { inbox.push(NonNull::from(node)) };
}

/// Numbers 0 and 1 are one pusher's.
fn take(ledger: &Ledger<3>, inbox: &Inbox<Node>, last: &mut Option<usize>) {
    let mut chain = inbox.take_all();
    while let Some(node) = chain.pop_front() {
        // SAFETY: leaked in `push`, and popped once.
        let number = unsafe { Box::from_raw(node.as_ptr()) }.number;
        ledger.take(number);
        if number < 2 {
            assert!(last.replace(number) < Some(number), "out of order");
        }
    }
}

#[test]
fn holds() {
    model("inbox_two_pushers", Bounds::new(4, 3_600), || {
        let ledger = Ledger::<3>::new();
        let inbox = Arc::new(Inbox::new());
        let pushers = [0..2, 2..3].map(|numbers| {
            let (ledger, inbox) = (ledger.clone(), inbox.clone());
            thread::spawn(move || numbers.for_each(|number| push(&ledger, &inbox, number)))
        });
        let mut last = None;
        take(&ledger, &inbox, &mut last);
        if !inbox.is_empty() {
            take(&ledger, &inbox, &mut last);
        }
        pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
        take(&ledger, &inbox, &mut last);
        ledger.settle();
    });
}
