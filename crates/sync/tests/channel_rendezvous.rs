//! Goal: without a buffer, a message goes from hand to hand; also if the sender is a select that makes the message only once it
//! was selected, and also if it then does not. Method: each pair of ways to meet, in both orders of arrival.

use sisal_sync::channel::{Receiver, Select, TryRecvError, TrySendError, bounded};
use sisal_sync::select;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

const A_WHILE: Duration = Duration::from_millis(3);

type Receive = fn(&Receiver<u32>) -> Option<u32>;

#[test]
fn a_send_waits_for_its_receive() {
    let (sender, receiver) = bounded(0);
    assert_eq!(sender.try_send(0), Err(TrySendError::Full(0)));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert!(sender.is_empty() && sender.is_full() && receiver.is_empty() && receiver.is_full());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| sender.send(1));
        thread::sleep(A_WHILE);
        assert!(!waiting.is_finished() && receiver.is_empty());
        assert_eq!(receiver.recv(), Ok(1));
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_select_that_waits_to_send_is_met_by_every_receive() {
    let (sender, receiver) = bounded(0);
    let other = bounded::<u8>(0).1;
    let receives: [Receive; 3] = [
        |receiver| receiver.recv().ok(),
        |receiver| std::iter::repeat_with(|| receiver.try_recv().ok()).flatten().next(),
        |receiver| select! { recv(receiver) -> message => message.ok() },
    ];
    for receive in receives {
        thread::scope(|scope| {
            scope.spawn(|| {
                let never = sisal_sync::channel::never::<u8>();
                select! {
                    send(sender, 7) -> sent => sent.unwrap(),
                    recv(never) -> _ => unreachable!(),
                }
            });
            thread::sleep(A_WHILE);
            assert_eq!(receive(&receiver), Some(7));
        });
    }
    assert!(other.recv().is_err());
}

fn no_message() -> u32 {
    panic!("no message")
}

#[test]
fn a_message_that_is_never_made_releases_its_receiver() {
    let (sender, receiver) = bounded(0);
    for waits_first in [true, false] {
        thread::scope(|scope| {
            let waiting = scope.spawn(|| receiver.recv());
            if waits_first {
                thread::sleep(A_WHILE);
            }
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                select! { send(sender, no_message()) -> _ => unreachable!() }
            }));
            assert!(panicked.is_err());
            sender.send(5).unwrap();
            assert_eq!(waiting.join().unwrap(), Ok(5));
        });
    }
}

#[test]
fn a_place_whose_message_is_never_made_is_given_back() {
    let (sender, receiver) = bounded(1);
    let mut select = Select::new();
    select.send(&sender);
    thread::scope(|scope| {
        let operation = select.select();
        assert!(sender.is_full() && receiver.is_empty());
        let waiting = scope.spawn(|| sender.send(1));
        thread::sleep(A_WHILE);
        assert!(!waiting.is_finished());
        assert!(catch_unwind(AssertUnwindSafe(|| drop(operation))).is_err());
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
    assert_eq!(receiver.recv(), Ok(1));
}

#[test]
fn a_place_is_kept_until_its_message_comes() {
    let (sender, receiver) = bounded(1);
    let mut select = Select::new();
    select.send(&sender);
    thread::scope(|scope| {
        let operation = select.select();
        let receivers: Vec<_> = (0..2).map(|_| scope.spawn(|| receiver.recv().unwrap())).collect();
        thread::sleep(A_WHILE);
        operation.send(&sender, 1).unwrap();
        sender.send(2).unwrap();
        let sum: u32 = receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum();
        assert_eq!(sum, 3);
    });
    let operation = select.select();
    drop(receiver);
    assert_eq!(operation.send(&sender, 3).unwrap_err().into_inner(), 3);
}

#[test]
fn a_place_that_was_not_needed_goes_to_who_waits() {
    let (sender, receiver) = bounded(1);
    let mut select = Select::new();
    select.send(&sender);
    let first = thread::scope(|scope| {
        let operation = select.select();
        let waiting = scope.spawn(|| sender.send(2));
        thread::sleep(A_WHILE);
        let receives = scope.spawn(|| receiver.recv());
        thread::sleep(A_WHILE);
        // If both wait by now, it goes straight to the receiver, and the free place to the sender.
        operation.send(&sender, 1).unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
        receives.join().unwrap().unwrap()
    });
    assert_eq!(first + receiver.recv().unwrap(), 3);
}

#[test]
fn a_deadline_comes_too_late_for_who_was_promised_a_message() {
    let (sender, receiver) = bounded(0);
    let slowly = || {
        thread::sleep(5 * A_WHILE);
        5
    };
    let got = thread::scope(|scope| {
        scope.spawn(|| select! { send(sender, slowly()) -> sent => sent.unwrap() });
        // By a receive that waits already, or that finds the select waiting: both wait for what was promised.
        std::iter::repeat_with(|| receiver.recv_timeout(A_WHILE).ok()).flatten().next()
    });
    assert_eq!(got, Some(5));
}
