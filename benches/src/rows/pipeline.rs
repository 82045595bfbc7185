//! What does a message take through a pipeline of stages that each work on it for about a microsecond?
//!
//! Two workers can at best do two stages at a time. Channels hold 64 messages (may's, which have no bound, any).

use super::prelude::*;

/// Messages of a round.
const OPS: usize = 20_000;
const CAPACITY: usize = 64;
/// Steps of [`work`], of 2.5 to 3 ns each.
const STEPS: usize = 400;

const NS: &[Figure] = &[Figure::new("ns", "ns")];

pub(super) const ROW: Row = Row::new("pipeline", "pipeline of 4 stages with 1 µs of work, a message", NS)
    .family("pipeline", &[4, STEPS, CAPACITY])
    .peers(&[
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
        (Peer::Threads, threads),
    ]);

/// What a stage does to a message: a chain of steps of which each needs the one before (G. Marsaglia, "Xorshift RNGs", 2003).
fn work(mut n: u64) -> u64 {
    for _ in 0..STEPS {
        n ^= n << 13;
        n ^= n >> 7;
        n ^= n << 17;
    }
    n
}

/// What comes out of all `stages`, added up.
fn expected(stages: usize, messages: usize) -> u64 {
    let through = |n| (0..stages).fold(n, |n, _| work(n));
    (1..=messages as u64).fold(0, |sum, n| sum.wrapping_add(through(n)))
}

fn sisal(setup: &Setup) -> Figures {
    peers::sisal::run(setup, |setup| {
        let (stages, mut clock) = (setup.params[0], Clock::new(setup, OPS));
        let (messages, expected) = (clock.ops as u64, expected(stages, clock.ops));
        while clock.lap() {
            let (sender, mut last) = channel::bounded(CAPACITY);
            sisal::spawn(move || (1..=messages).for_each(|n| sender.send(work(n)).unwrap()));
            for _ in 2..stages {
                let (sender, next) = channel::bounded(CAPACITY);
                let received = mem::replace(&mut last, next);
                sisal::spawn(move || received.iter().for_each(|n| sender.send(work(n)).unwrap()));
            }
            let sum = move || last.iter().fold(0, |sum: u64, n| sum.wrapping_add(work(n)));
            assert_eq!(sisal::spawn(sum).join().unwrap(), expected);
        }
        clock.ns_each()
    })
}

fn tokio(setup: &Setup) -> Figures {
    use tokio::sync::mpsc;
    let (stages, mut clock) = (setup.params[0], Clock::new(setup, OPS));
    let (messages, expected) = (clock.ops as u64, expected(stages, clock.ops));
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let (sender, mut last) = mpsc::channel(CAPACITY);
            tokio::spawn(async move {
                for n in 1..=messages {
                    sender.send(work(n)).await.unwrap();
                }
            });
            for _ in 2..stages {
                let (sender, next) = mpsc::channel(CAPACITY);
                let mut received = mem::replace(&mut last, next);
                tokio::spawn(async move {
                    while let Some(n) = received.recv().await {
                        sender.send(work(n)).await.unwrap();
                    }
                });
            }
            let sum = tokio::spawn(async move {
                let mut sum = 0_u64;
                while let Some(n) = last.recv().await {
                    sum = sum.wrapping_add(work(n));
                }
                sum
            });
            assert_eq!(sum.await.unwrap(), expected);
        }
        clock.ns_each()
    })
}

fn may(setup: &Setup) -> Figures {
    use may::sync::spsc;
    peers::may::run(setup, |setup| {
        let (stages, mut clock) = (setup.params[0], Clock::new(setup, OPS));
        let (messages, expected) = (clock.ops as u64, expected(stages, clock.ops));
        while clock.lap() {
            let (sender, mut last) = spsc::channel();
            go!(move || (1..=messages).for_each(|n| sender.send(work(n)).unwrap()));
            for _ in 2..stages {
                let (sender, next) = spsc::channel();
                let received = mem::replace(&mut last, next);
                go!(move || received.iter().for_each(|n| sender.send(work(n)).unwrap()));
            }
            let sum = move || last.iter().fold(0, |sum: u64, n| sum.wrapping_add(work(n)));
            assert_eq!(go!(sum).join().unwrap(), expected);
        }
        clock.ns_each()
    })
}

fn smol(setup: &Setup) -> Figures {
    use smol::channel::bounded;
    let (stages, mut clock) = (setup.params[0], Clock::new(setup, OPS));
    let (messages, expected) = (clock.ops as u64, expected(stages, clock.ops));
    peers::smol::run(setup, async move {
        while clock.lap() {
            let (sender, mut last) = bounded(CAPACITY);
            let source = peers::smol::spawn(async move {
                for n in 1..=messages {
                    sender.send(work(n)).await.unwrap();
                }
            });
            source.detach();
            for _ in 2..stages {
                let (sender, next) = bounded(CAPACITY);
                let received = mem::replace(&mut last, next);
                let stage = peers::smol::spawn(async move {
                    while let Ok(n) = received.recv().await {
                        sender.send(work(n)).await.unwrap();
                    }
                });
                stage.detach();
            }
            let sum = peers::smol::spawn(async move {
                let mut sum = 0_u64;
                while let Ok(n) = last.recv().await {
                    sum = sum.wrapping_add(work(n));
                }
                sum
            });
            assert_eq!(sum.await, expected);
        }
        clock.ns_each()
    })
}

fn threads(setup: &Setup) -> Figures {
    use crossbeam_channel::bounded;
    let (stages, mut clock) = (setup.params[0], Clock::new(setup, OPS));
    let (messages, expected) = (clock.ops as u64, expected(stages, clock.ops));
    while clock.lap() {
        let (sender, mut last) = bounded(CAPACITY);
        thread::spawn(move || (1..=messages).for_each(|n| sender.send(work(n)).unwrap()));
        for _ in 2..stages {
            let (sender, next) = bounded(CAPACITY);
            let received = mem::replace(&mut last, next);
            thread::spawn(move || received.iter().for_each(|n| sender.send(work(n)).unwrap()));
        }
        let sum = move || last.iter().fold(0, |sum: u64, n| sum.wrapping_add(work(n)));
        assert_eq!(thread::spawn(sum).join().unwrap(), expected);
    }
    clock.ns_each()
}
