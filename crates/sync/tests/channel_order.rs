//! Goal: who waits first is served first. Method: threads begin to wait one after the other, which shows in the channel's
//! behaviour alone, so each is given time to get into the line; then they are served one by one.

use sisal_sync::channel::{bounded, unbounded};
use std::thread;
use std::time::Duration;

const WAITERS: u32 = 5;
const A_WHILE: Duration = Duration::from_millis(4);

#[test]
fn of_receivers() {
    let (sender, receiver) = unbounded();
    let (done, finished) = unbounded();
    thread::scope(|scope| {
        for n in 0..WAITERS {
            let (receiver, done) = (receiver.clone(), done.clone());
            scope.spawn(move || done.send((n, receiver.recv().unwrap())).unwrap());
            thread::sleep(A_WHILE);
        }
        for n in 0..WAITERS {
            sender.send(n).unwrap();
            assert_eq!(finished.recv(), Ok((n, n)));
        }
    });
}

#[test]
fn of_senders() {
    for capacity in [0, 1] {
        let (sender, receiver) = bounded(capacity);
        thread::scope(|scope| {
            for n in 0..WAITERS {
                let sender = sender.clone();
                scope.spawn(move || sender.send(n).unwrap());
                thread::sleep(A_WHILE);
            }
            (0..WAITERS).for_each(|n| assert_eq!(receiver.recv(), Ok(n)));
        });
    }
}

#[test]
fn of_messages() {
    for (sender, receiver) in [bounded(3), unbounded()] {
        thread::scope(|scope| {
            scope.spawn(move || (0..1_000).for_each(|n| sender.send(n).unwrap()));
            assert!(receiver.iter().eq(0..1_000));
        });
    }
}
