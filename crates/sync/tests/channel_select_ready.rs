//! The forms of select that say what would be possible, and do nothing: they are right for each reason, and wake who waits.
//!
//! Method: one channel at a time, through its states; and a thread that becomes the partner of one that waits.

use sisal_sync::channel::{Select, bounded, unbounded};
use std::thread;

#[test]
fn a_send_is_possible_while_there_is_room_and_once_nobody_receives() {
    let (sender, receiver) = bounded(1);
    let is_ready = || {
        let mut select = Select::new();
        select.send(&sender);
        select.try_ready() == Ok(0)
    };
    assert!(is_ready() && is_ready(), "it has used the room");
    sender.send(1).unwrap();
    assert!(!is_ready());
    assert_eq!(receiver.recv(), Ok(1));
    assert!(is_ready());
    sender.send(2).unwrap();
    drop(receiver);
    assert!(is_ready());
}

#[test]
fn a_receive_is_possible_while_there_is_a_message_and_once_nobody_sends() {
    let (sender, receiver) = unbounded();
    let is_ready = || {
        let mut select = Select::new();
        select.recv(&receiver);
        select.try_ready() == Ok(0)
    };
    assert!(!is_ready());
    sender.send(1).unwrap();
    assert!(is_ready() && is_ready(), "it has taken the message");
    assert_eq!(receiver.recv(), Ok(1));
    assert!(!is_ready());
    drop(sender);
    assert!(is_ready());
}

#[test]
fn a_partner_that_comes_wakes_who_waits() {
    let (sender, receiver) = bounded(0);
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(receiver.recv(), Ok(1)));
        let mut select = Select::new();
        select.send(&sender);
        assert_eq!(select.ready(), 0);
        sender.send(1).unwrap();

        scope.spawn(|| sender.send(2).unwrap());
        let mut select = Select::new();
        select.recv(&receiver);
        assert_eq!(select.ready(), 0);
        assert_eq!(receiver.recv(), Ok(2));
    });
}
