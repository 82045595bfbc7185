//! The inbox with real threads.
//!
//! Goal: what each pusher pushes arrives once, in its order. Method: four pushers with numbered nodes, one taker.

use sisal_queue::{Chained, Idle, Inbox, Link, Mailbox};
use std::ptr::NonNull;
use std::thread;

struct Node {
    pusher: usize,
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

/// Pushes a new node, which the taker frees.
fn push(inbox: &Inbox<Node>, pusher: usize, number: usize) {
    let node = Box::leak(Box::new(Node { pusher, number, link: Link::new() }));
    // SAFETY: new, alive until it is taken, and without ties to this thread.
    unsafe { inbox.push(NonNull::from(node)) };
}

fn take(inbox: &Inbox<Node>) -> Vec<(usize, usize)> {
    let mut chain = inbox.take_all();
    let (len, mut taken) = (chain.len(), Vec::new());
    while let Some(node) = chain.pop_front() {
        // SAFETY: leaked in `push`, and popped once.
        let node = unsafe { Box::from_raw(node.as_ptr()) };
        taken.push((node.pusher, node.number));
    }
    assert_eq!(taken.len(), len);
    taken
}

#[test]
fn taken_in_the_order_of_the_pushes() {
    let mailbox = Mailbox::new();
    let inbox = mailbox.inbox();
    assert!(inbox.is_empty() && take(inbox).is_empty() && !mailbox.sleeper().wake());
    (0..3).for_each(|number| push(inbox, 0, number));
    assert!(!inbox.is_empty());
    assert_eq!(take(inbox), [(0, 0), (0, 1), (0, 2)]);
    assert!(inbox.is_empty());
}

#[test]
fn a_mailbox_has_one_inbox_and_one_sleeper() {
    let (mailbox, idle) = (Mailbox::new(), Idle::new());
    push(mailbox.inbox(), 0, 0);
    assert_eq!(take(mailbox.inbox()), [(0, 0)]);
    idle.announce(mailbox.sleeper());
    assert!(mailbox.sleeper().is_asleep() && mailbox.sleeper().wake());
}

#[test]
fn four_pushers_lose_and_double_nothing() {
    const PUSHERS: usize = 4;
    const NODES: usize = 20_000;
    let inbox = Inbox::new();
    let mut next = [0; PUSHERS];
    thread::scope(|scope| {
        for pusher in 0..PUSHERS {
            let inbox = &inbox;
            scope.spawn(move || (0..NODES).for_each(|number| push(inbox, pusher, number)));
        }
        while next != [NODES; PUSHERS] {
            for (pusher, number) in take(&inbox) {
                assert_eq!(next[pusher], number);
                next[pusher] += 1;
            }
            thread::yield_now();
        }
    });
    assert!(inbox.is_empty());
}
