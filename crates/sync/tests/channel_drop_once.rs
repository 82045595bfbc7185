//! Goal: each message is dropped exactly once, in every race between senders, receivers and the end of either side.
//! Method: messages count themselves when they are made and when they are dropped; both counts must agree in the end.

use sisal_sync::channel::{Receiver, Sender, bounded, unbounded};
use sisal_sync::select;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

struct Message(Arc<AtomicUsize>, Box<u32>);

impl Message {
    fn new(live: &Arc<AtomicUsize>) -> Self {
        live.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(live), Box::new(7))
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        assert_eq!(*self.1, 7);
        assert!(self.0.fetch_sub(1, Ordering::Relaxed) > 0, "dropped twice");
    }
}

/// Three senders and three receivers of each kind of channel, each of which ends whenever it likes.
fn check(send: fn(&Sender<Message>, Message) -> bool, recv: fn(&Receiver<Message>) -> bool) {
    let live = Arc::new(AtomicUsize::new(0));
    for round in 0..10_usize {
        for (sender, receiver) in [bounded(0), bounded(1), bounded(40), unbounded()] {
            thread::scope(|scope| {
                for n in 0..3 {
                    let (sender, live) = (sender.clone(), &live);
                    scope.spawn(move || {
                        for _ in 0..(round * 13 + n * 7) % 50 {
                            if !send(&sender, Message::new(live)) {
                                break;
                            }
                        }
                    });
                    let receiver = receiver.clone();
                    scope.spawn(move || {
                        for _ in 0..(round * 7 + n * 13) % 50 {
                            if !recv(&receiver) {
                                break;
                            }
                        }
                    });
                }
                drop((sender, receiver));
            });
        }
    }
    assert_eq!(live.load(Ordering::Relaxed), 0, "leaked");
}

#[test]
fn by_plain_operations() {
    check(|sender, message| sender.send(message).is_ok(), |receiver| receiver.recv().is_ok());
}

#[test]
fn with_timeouts() {
    check(
        |sender, message| sender.send_timeout(message, Duration::from_micros(3)).is_ok(),
        |receiver| receiver.recv_timeout(Duration::from_micros(3)).is_ok(),
    );
}

#[test]
fn by_selects() {
    check(
        |sender, message| {
            let mut message = Some(message);
            select! {
                send(sender, message.take().unwrap()) -> sent => sent.is_ok(),
                default(Duration::from_millis(1)) => false,
            }
        },
        |receiver| {
            select! {
                recv(receiver) -> message => message.is_ok(),
                default(Duration::from_millis(1)) => false,
            }
        },
    );
}

#[test]
fn what_is_left_goes_with_the_last_receiver() {
    let live = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = unbounded();
    (0..100).for_each(|_| sender.send(Message::new(&live)).unwrap());
    let other = receiver.clone();
    drop(receiver);
    assert_eq!(live.load(Ordering::Relaxed), 100);
    drop(other);
    assert_eq!(live.load(Ordering::Relaxed), 0);
    assert!(sender.send(Message::new(&live)).is_err());
    assert_eq!(live.load(Ordering::Relaxed), 0);
}

#[test]
fn what_is_left_outlives_the_last_sender() {
    let (sender, receiver) = bounded(3);
    (0..3).for_each(|n| sender.send(n).unwrap());
    drop(sender);
    assert_eq!(receiver.len(), 3);
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2]);
    assert!(receiver.recv().is_err());
}

#[test]
fn a_destructor_may_use_its_own_channel() {
    struct Nested(Sender<Nested>);
    impl Drop for Nested {
        fn drop(&mut self) {
            assert!(self.0.is_empty() && self.0.clone().same_channel(&self.0));
        }
    }
    let (sender, receiver) = unbounded();
    (0..40).for_each(|_| sender.send(Nested(sender.clone())).unwrap());
    drop(receiver);
}

#[test]
fn a_large_message_needs_no_large_stack() {
    // A block takes 128 KiB alone, and each call that is not inlined a copy or two of its message.
    let tiny = thread::Builder::new().stack_size(144 * 1024);
    let thread = tiny.spawn(|| {
        let (sender, receiver) = unbounded::<[u8; 4096]>();
        (0..100).for_each(|n| sender.send([n; 4096]).unwrap());
        assert!((0..100).all(|n| receiver.recv().unwrap()[4095] == n));
    });
    thread.unwrap().join().unwrap();
}
