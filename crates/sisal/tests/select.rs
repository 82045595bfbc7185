//! `select!` among fibers: exactly one arm happens, and an arm that lost has done nothing.

mod common;

use common::{on_each_size, some};
use sisal::{channel, fiber, go, select};
use std::time::Duration;

#[test]
fn two_full_channels_lose_nothing() {
    on_each_size(|| {
        let (a, from_a) = channel::bounded(1);
        let (b, from_b) = channel::bounded(1);
        for (sender, base) in [(a, 0), (b, 1_000)] {
            go! {
                for n in 0..some(500_u64, 10) {
                    sender.send(base + n).unwrap();
                }
            };
        }
        let (mut next, mut open) = ([0, 1_000], 2);
        let (mut from_a, mut from_b) = (from_a, from_b);
        while open > 0 {
            let (end, received) = select! {
                recv(from_a) -> message => (0, message),
                recv(from_b) -> message => (1, message),
            };
            match received {
                Ok(n) => {
                    assert_eq!(n, next[end]);
                    next[end] += 1;
                }
                Err(_) if end == 0 => (open, from_a) = (open - 1, channel::never()),
                Err(_) => (open, from_b) = (open - 1, channel::never()),
            }
        }
        assert_eq!(next, some([500, 1_500], [10, 1_010]));
    });
}

/// Also where the select waits, and whoever comes takes the first arm in the channel's line.
#[test]
fn arms_of_one_channel_have_equal_chances() {
    const MESSAGES: usize = 3_000;
    on_each_size(|| {
        for capacity in [0, 1, 16] {
            let (sender, receiver) = channel::bounded(capacity);
            let sending = go!((0..MESSAGES).for_each(|n| sender.send(n).unwrap()));
            let mut hits = [0; 3];
            for _ in 0..MESSAGES {
                let arm = select! {
                    recv(receiver) -> _ => 0,
                    recv(receiver) -> _ => 1,
                    recv(receiver) -> _ => 2,
                };
                hits[arm] += 1;
            }
            sending.join().unwrap();
            assert!(hits.iter().all(|&hits| hits > MESSAGES / 4), "capacity {capacity}: {hits:?}");
        }
    });
}

#[test]
fn sends_and_receives_meet_in_selects() {
    on_each_size(|| {
        let (there, from_there) = channel::bounded::<u64>(0);
        let (back, from_back) = channel::bounded::<u64>(0);
        let other = go! {
            let mut sum = 0;
            for n in 0..some(200, 10) {
                select! {
                    recv(from_there) -> message => sum += message.unwrap(),
                    send(back, n) -> sent => sent.unwrap(),
                }
            }
            sum
        };
        let (mut sent, mut received) = (0, 0);
        for n in 0..some(200, 10) {
            select! {
                send(there, n) -> result => { result.unwrap(); sent += n; }
                recv(from_back) -> message => { message.unwrap(); received += 1; }
            }
        }
        assert!(received <= 200);
        assert_eq!(other.join().unwrap(), sent);
    });
}

#[test]
fn defaults_and_timeouts() {
    on_each_size(|| {
        let (_sender, receiver) = channel::unbounded::<u8>();
        assert!(select! { recv(receiver) -> _ => false, default => true });
        assert!(select! { recv(receiver) -> _ => false, default(Duration::from_millis(2)) => true });
        let late = channel::after(Duration::from_millis(2));
        assert!(select! { recv(receiver) -> _ => false, recv(late) -> _ => true });
        fiber::yield_now();
    });
}

common::in_simulations! {
    two_full_channels_lose_nothing,
    sends_and_receives_meet_in_selects,
    defaults_and_timeouts,
}
