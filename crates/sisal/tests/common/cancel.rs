//! Every way to cancel what a fiber does, so that a promise can be tested for each of them.

use sisal::fiber::{self, CancelToken};
use sisal::time;
use std::time::Duration;

/// How it is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Handle,
    Token,
    ChildToken,
    Scope,
    /// By way of its parent, which is cancelled.
    Parent,
    Deadline,
    /// By a deadline around the scope in which it was spawned.
    ParentsDeadline,
}

pub(crate) const WAYS: [Way; 7] =
    [Way::Handle, Way::Token, Way::ChildToken, Way::Scope, Way::Parent, Way::Deadline, Way::ParentsDeadline];

impl Way {
    pub(crate) fn is_deadline(self) -> bool {
        matches!(self, Way::Deadline | Way::ParentsDeadline)
    }
}

/// Runs `op` in a fiber, cancels it after some `yields`, and gives what it returns.
pub(crate) fn cancelled<T: Send + 'static>(
    way: Way,
    yields: usize,
    op: impl FnOnce() -> T + Send + 'static,
) -> T {
    let soon = move || time::now() + Duration::from_micros(100 * yields as u64);
    let pause = || (0..yields).for_each(|_| time::sleep(Duration::from_micros(100)));
    match way {
        Way::Handle => {
            let handle = fiber::spawn(op);
            pause();
            handle.cancel();
            handle.join().unwrap()
        }
        Way::Token | Way::ChildToken => {
            let token = CancelToken::new();
            let under = if way == Way::Token { token.clone() } else { token.child() };
            let handle = fiber::spawn(move || under.run(op));
            pause();
            token.cancel();
            handle.join().unwrap()
        }
        Way::Scope => fiber::scope(|s| {
            let handle = s.spawn(op);
            time::shield(pause);
            s.cancel();
            handle.join().unwrap()
        }),
        Way::Parent => {
            let parent = fiber::spawn(|| fiber::scope(|s| s.spawn(op).join().unwrap()));
            pause();
            parent.cancel();
            parent.join().unwrap()
        }
        Way::Deadline => fiber::spawn(move || time::with_deadline(soon(), op)).join().unwrap(),
        Way::ParentsDeadline => time::with_deadline(soon(), || fiber::scope(|s| s.spawn(op).join().unwrap())),
    }
}

/// Calls `test` with each way and with a cancel that comes before, about when and after the operation begins to wait.
pub(crate) fn each_way(test: impl Fn(Way, usize)) {
    for way in WAYS {
        for yields in [0, 1, 8] {
            test(way, yields);
        }
    }
}
