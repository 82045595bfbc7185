//! Goal: exactly one arm of a select happens, and what the others could have done is still there. Method: selects over channels
//! that are full, or empty, on both sides; in the end the sums must agree.

use sisal_sync::channel::{Receiver, Select, bounded, unbounded};
use sisal_sync::select;
use std::thread;

#[test]
fn two_full_channels() {
    let (a, from_a) = unbounded();
    let (b, from_b) = unbounded();
    for n in 0..500 {
        a.send(n).unwrap();
        b.send(500 + n).unwrap();
    }
    drop((a, b));
    let mut got: Vec<i32> = (0..1_000)
        .map(|_| {
            select! {
                recv(from_a) -> message => message.unwrap_or_else(|_| from_b.recv().unwrap()),
                recv(from_b) -> message => message.unwrap_or_else(|_| from_a.recv().unwrap()),
            }
        })
        .collect();
    got.sort_unstable();
    assert!(got.into_iter().eq(0..1_000));
    assert!(from_a.is_empty() && from_b.is_empty());
}

#[test]
fn one_message_and_two_selects() {
    let (sender, receiver) = bounded(0);
    let (end, ended) = bounded::<()>(0);
    thread::scope(|scope| {
        let takers: Vec<_> = (0..2)
            .map(|_| {
                let (receiver, ended) = (receiver.clone(), ended.clone());
                scope.spawn(move || {
                    let mut count = 0;
                    loop {
                        select! {
                            recv(receiver) -> message => count += u32::from(message.is_ok()),
                            recv(ended) -> _ => break count,
                        }
                    }
                })
            })
            .collect();
        (0..500).for_each(|n| sender.send(n).unwrap());
        drop(end);
        // Both arms may be possible at once; so the sender stays until all is over.
        let total: u32 = takers.into_iter().map(|taker| taker.join().unwrap()).sum();
        assert_eq!(total, 500);
    });
}

#[test]
fn send_and_receive_in_one_select_never_meet_themselves() {
    let (sender, receiver) = bounded(0);
    select! {
        send(sender, 1) -> _ => unreachable!(),
        recv(receiver) -> _ => unreachable!(),
        default => {}
    }
    // Two such selects meet each other.
    thread::scope(|scope| {
        for n in 0..2 {
            let (sender, receiver) = (sender.clone(), receiver.clone());
            scope.spawn(move || {
                for _ in 0..200 {
                    select! {
                        send(sender, n) -> sent => sent.unwrap(),
                        recv(receiver) -> message => assert_eq!(message, Ok(1 - n)),
                    }
                }
            });
        }
    });
}

#[test]
fn a_thousand_arms() {
    let channels: Vec<_> = (0..1_000).map(|_| bounded(1)).collect();
    thread::scope(|scope| {
        scope.spawn(|| (0..1_000).for_each(|n| channels[n * 7 % 1_000].0.send(n).unwrap()));
        let mut select = Select::new();
        let receivers: Vec<&Receiver<usize>> = channels.iter().map(|(_, receiver)| receiver).collect();
        receivers.iter().for_each(|receiver| {
            select.recv(receiver);
        });
        let mut got = vec![false; 1_000];
        for _ in 0..1_000 {
            let operation = select.select();
            let index = operation.index();
            let message = operation.recv(receivers[index]).unwrap();
            assert!(message * 7 % 1_000 == index && !std::mem::replace(&mut got[message], true));
        }
    });
}

#[test]
fn an_index_stays_with_its_operation() {
    let (sender, receiver) = unbounded();
    let empty = unbounded::<u8>();
    let mut select = Select::new();
    let removed = select.recv(&empty.1);
    let index = select.recv(&receiver);
    select.remove(removed);
    let mut other = select.clone();
    for n in 0..20 {
        sender.send(n).unwrap();
        let operation = if n % 2 == 0 { select.select() } else { other.try_select().unwrap() };
        assert_eq!(operation.index(), index);
        assert_eq!(operation.recv(&receiver), Ok(n));
    }
}
