//! Goal: a receiver iterates over its messages, waiting or not, and ends with its channel. Method: std's iterator verbs.

use sisal_sync::channel::{bounded, unbounded};
use std::thread;

#[test]
fn until_the_channel_ends() {
    let (sender, receiver) = bounded(0);
    thread::scope(|scope| {
        scope.spawn(move || (1..=4).for_each(|n| sender.send(n).unwrap()));
        assert_eq!(receiver.iter().take(2).sum::<i32>(), 3);
        assert_eq!((&receiver).into_iter().sum::<i32>(), 7);
    });
    let mut iter = receiver.into_iter();
    assert_eq!((iter.next(), iter.next()), (None, None));
}

#[test]
fn while_there_is_something() {
    let (sender, receiver) = unbounded();
    (0..5).for_each(|n| sender.send(n).unwrap());
    assert!(receiver.try_iter().eq(0..5));
    sender.send(5).unwrap();
    assert_eq!(receiver.try_iter().last(), Some(5));
}

#[test]
fn an_owned_iterator_keeps_its_channel() {
    let (sender, receiver) = unbounded();
    let messages = thread::spawn(move || receiver.into_iter().collect::<Vec<_>>());
    (0..5).for_each(|n| sender.send(n).unwrap());
    drop(sender);
    assert_eq!(messages.join().unwrap(), [0, 1, 2, 3, 4]);
}
