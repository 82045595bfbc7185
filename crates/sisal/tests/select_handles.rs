//! `select!` over the ends of fibers and cancels: the result is there, once, and an arm that lost has taken nothing.
//!
//! Method: handles beside channels, in a race, with each of them first.

mod common;

use common::{on_each_size, some};
use sisal::fiber::CancelToken;
use sisal::{channel, fiber, go, select};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn the_first_fiber_to_end_is_selected() {
    on_each_size(|| {
        let (go_on, wait) = channel::bounded::<()>(0);
        let mut slow = go!(move || {
            let _ = wait.recv();
            "slow"
        });
        let mut fast = go!(|| "fast");
        let first = select! {
            recv(slow) -> result => result.unwrap(),
            recv(fast) -> result => result.unwrap(),
        };
        assert_eq!(first, "fast");
        drop(go_on);
        assert_eq!(slow.join().unwrap(), "slow");
    });
}

#[test]
fn a_race_with_a_channel_loses_nothing() {
    on_each_size(|| {
        let (mut by_handle, mut by_channel) = (0, 0);
        for round in 0..some(300, 6) {
            let (sender, receiver) = channel::bounded(round % 2);
            let mut handle = go!(move || {
                fiber::yield_now();
                Arc::new(round)
            });
            let other = go!(move || {
                fiber::yield_now();
                sender.send(Arc::new(round))
            });
            select! {
                recv(handle) -> result => {
                    assert_eq!(Arc::try_unwrap(result.unwrap()), Ok(round));
                    assert_eq!(receiver.recv().as_deref(), Ok(&round));
                    by_handle += 1;
                }
                recv(receiver) -> message => {
                    assert_eq!(message.as_deref(), Ok(&round));
                    assert_eq!(Arc::try_unwrap(handle.join().unwrap()), Ok(round));
                    by_channel += 1;
                }
            }
            other.join().unwrap().unwrap();
        }
        assert_eq!(by_handle + by_channel, some(300, 6));
    });
}

#[test]
fn timeouts_and_panics() {
    on_each_size(|| {
        let (go_on, wait) = channel::bounded::<()>(0);
        let mut handle = go!(move || {
            let _ = wait.recv();
            panic!("wanted")
        });
        assert!(select! { recv(handle) -> _ => false, default => true });
        assert!(select! { recv(handle) -> _ => false, default(Duration::from_millis(2)) => true });
        drop(go_on);
        assert!(select! { recv(handle) -> result => result.is_err() });
        assert!(handle.is_finished());
    });
}

#[test]
fn a_result_is_taken_once() {
    let mut handle = go!(|| 1);
    assert_eq!(select! { recv(handle) -> result => result.unwrap() }, 1);
    let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| handle.join()));
    assert!(again.is_err());
}

#[test]
fn a_cancelled_select_leaves_the_result() {
    on_each_size(|| {
        let (go_on, wait) = channel::bounded::<()>(0);
        let mut slow = go!(move || wait.recv().is_err());
        let token = CancelToken::new();
        token.cancel();
        assert!(token.run(|| select! { recv(slow) -> result => result.is_err() }));
        drop(go_on);
        assert!(slow.join().unwrap());
    });
}

#[test]
fn a_token_is_an_arm() {
    on_each_size(|| {
        for _ in 0..100 {
            let (token, (_sender, receiver)) = (CancelToken::new(), channel::unbounded::<u8>());
            let theirs = token.clone();
            go!(move || theirs.cancel());
            select! {
                recv(token) -> () => {}
                recv(receiver) -> _ => unreachable!(),
            }
        }
    });
}

common::in_simulations! {
    the_first_fiber_to_end_is_selected,
    a_race_with_a_channel_loses_nothing,
}
