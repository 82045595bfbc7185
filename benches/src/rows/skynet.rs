//! How long does a tree of a million leaves take, each node a task that spawns ten and adds up what they return?

use super::prelude::*;

const LEAVES: usize = 1_000_000;
const FAN_OUT: usize = 10;

pub(super) const ROW: Row = Row::new("skynet", "skynet, 1M leaves", &[Figure::new("ms", "ms").target(110.0)])
    .peers(&[
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
    ]);

/// What all leaves add up to.
fn sum(leaves: usize) -> usize {
    leaves * (leaves - 1) / 2
}

fn sisal(setup: &Setup) -> Figures {
    fn node(first: usize, leaves: usize) -> usize {
        if leaves == 1 {
            return first;
        }
        let part = leaves / FAN_OUT;
        let children: [_; FAN_OUT] =
            std::array::from_fn(|child| sisal::spawn(move || node(first + child * part, part)));
        children.into_iter().map(|child| child.join().unwrap()).sum()
    }
    peers::sisal::run(setup, |setup| {
        let mut clock = Clock::new(setup, LEAVES);
        while clock.lap() {
            assert_eq!(node(0, clock.ops), sum(clock.ops));
        }
        clock.ms()
    })
}

fn tokio(setup: &Setup) -> Figures {
    fn node(first: usize, leaves: usize) -> tokio::task::JoinHandle<usize> {
        tokio::spawn(async move {
            if leaves == 1 {
                return first;
            }
            let part = leaves / FAN_OUT;
            let children: [_; FAN_OUT] = std::array::from_fn(|child| node(first + child * part, part));
            let mut sum = 0;
            for child in children {
                sum += child.await.unwrap();
            }
            sum
        })
    }
    let mut clock = Clock::new(setup, LEAVES);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            assert_eq!(node(0, clock.ops).await.unwrap(), sum(clock.ops));
        }
        clock.ms()
    })
}

fn may(setup: &Setup) -> Figures {
    fn node(first: usize, leaves: usize) -> usize {
        if leaves == 1 {
            return first;
        }
        let part = leaves / FAN_OUT;
        let children: [_; FAN_OUT] =
            std::array::from_fn(|child| go!(move || node(first + child * part, part)));
        children.into_iter().map(|child| child.join().unwrap()).sum()
    }
    peers::may::run(setup, |setup| {
        let mut clock = Clock::new(setup, LEAVES);
        while clock.lap() {
            assert_eq!(node(0, clock.ops), sum(clock.ops));
        }
        clock.ms()
    })
}

fn smol(setup: &Setup) -> Figures {
    fn node(first: usize, leaves: usize) -> smol::Task<usize> {
        peers::smol::spawn(async move {
            if leaves == 1 {
                return first;
            }
            let part = leaves / FAN_OUT;
            let children: [_; FAN_OUT] = std::array::from_fn(|child| node(first + child * part, part));
            let mut sum = 0;
            for child in children {
                sum += child.await;
            }
            sum
        })
    }
    let mut clock = Clock::new(setup, LEAVES);
    peers::smol::run(setup, async move {
        while clock.lap() {
            assert_eq!(node(0, clock.ops).await, sum(clock.ops));
        }
        clock.ms()
    })
}
