//! Goal: `select!` takes everything that crossbeam-channel's does, is an expression, and has let go of its operands before a
//! body runs. Method: use it in all its forms; that this compiles is half of the test.

use sisal_sync::channel::{Receiver, RecvError, SendError, after, bounded, never, unbounded};
use sisal_sync::select;
use std::cell::Cell;
use std::time::Duration;

#[test]
fn bodies_may_replace_their_own_receiver() {
    let (sender, mut receiver) = unbounded();
    sender.send(1).unwrap();
    let got = select! {
        recv(receiver) -> message => {
            receiver = never();
            message
        }
        default => {
            drop(receiver);
            receiver = never();
            Err(RecvError)
        }
    };
    assert!(got == Ok(1) && receiver.same_channel(&never()));
}

#[test]
fn a_body_may_leave_a_loop_or_a_function() {
    fn find(receiver: &Receiver<u32>) -> Result<u32, RecvError> {
        loop {
            let message = select! {
                recv(receiver) -> message => message?,
                default => break,
            };
            if message % 2 == 1 {
                continue;
            }
            return Ok(message);
        }
        Ok(0)
    }
    let (sender, receiver) = unbounded();
    assert_eq!(find(&receiver), Ok(0));
    (1..4).for_each(|n| sender.send(n).unwrap());
    drop(sender);
    assert_eq!((find(&receiver), find(&receiver)), (Ok(2), Err(RecvError)));
}

#[test]
fn operands_of_all_shapes() {
    struct Pair {
        receiver: Receiver<String>,
    }
    let (sender, receiver) = unbounded::<String>();
    let pair = Pair { receiver: receiver.clone() };
    let boxed = Box::new(receiver.clone());
    let maybe: Option<&Receiver<String>> = [].first().copied();
    let copy = || receiver.clone();
    for _ in 0..8 {
        sender.send("text".to_owned()).unwrap();
        let got = select! {
            recv(&&&receiver) -> message => message,
            recv(pair.receiver) -> message => message,
            recv(boxed) -> message => message,
            recv(*boxed,) -> message => message,
            recv(copy()) -> message => message,
            recv(maybe.unwrap_or(&never())) -> message => message,
            recv(after(Duration::from_secs(60))) -> _ => unreachable!(),
        };
        assert_eq!(got.unwrap(), "text");
    }
}

#[test]
fn a_message_is_made_only_if_it_is_sent() {
    let (full, _full) = bounded(0);
    let (sender, receiver) = bounded(1);
    let made = Cell::new(0);
    let make = |n: u32| {
        made.set(made.get() + 1);
        n
    };
    select! {
        send(full, make(1)) -> _ => unreachable!(),
        send(sender, make(2),) -> sent => assert_eq!(sent, Ok(())),
    }
    assert_eq!((made.get(), receiver.recv()), (1, Ok(2)));
    drop(receiver);
    let error: Result<(), SendError<u32>> = select! { send(sender, make(3)) -> sent => sent };
    assert_eq!(error, Err(SendError(3)));
}

#[test]
fn commas_blocks_and_defaults() {
    let (_sender, receiver) = unbounded::<u8>();
    select! { default => {} }
    select! { default() => (), }
    assert_eq!(select! { recv(receiver) -> _ => 1, default(Duration::ZERO) => 2 }, 2);
    assert_eq!(select! { default => 3, recv(receiver) -> _ => 4 }, 3);
    select! {
        recv(receiver) -> _ => {}
        recv(receiver) -> _ => if receiver.is_empty() { unreachable!() },
        recv(receiver) -> _ => match receiver.len() {
            0 => {}
            _ => unreachable!(),
        },
        default(Duration::ZERO,) => (),
    }
}

#[test]
fn a_message_that_nobody_names_is_dropped_before_the_body() {
    let (sender, receiver) = unbounded();
    let message = std::rc::Rc::new(());
    sender.send(std::rc::Rc::clone(&message)).unwrap();
    select! { recv(receiver) -> _ => assert_eq!(std::rc::Rc::strong_count(&message), 1) }
}
