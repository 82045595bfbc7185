//! What does a message cost to one task that selects over four channels, each with a sender of its own?
//!
//! Where a runtime has no fair select macro, nested races do it: smol's are futures_lite's `race`, which draws lots.

use super::prelude::*;

/// Messages through all four channels together.
const OPS: usize = 200_000;
const ARMS: usize = 4;
const CAPACITY: usize = 64;

pub(super) const ROW: Row =
    Row::new("select", "select over 4, a message", &[Figure::new("ns", "ns").target(50.0)]).peers(&[
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
        (Peer::Threads, threads),
    ]);

/// What the messages of a round add up to.
fn sum(ops: usize) -> usize {
    let each = ops / ARMS;
    ARMS * (each * (each - 1) / 2)
}

fn sisal(setup: &Setup) -> Figures {
    use channel::{bounded, never, select};
    peers::sisal::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let (ops, each) = (clock.ops, clock.ops / ARMS);
            let mut receivers = [(); ARMS].map(|()| {
                let (sender, receiver) = bounded::<usize>(CAPACITY);
                sisal::spawn(move || (0..each).for_each(|n| sender.send(n).unwrap()));
                receiver
            });
            let taker = sisal::spawn(move || {
                let (mut sum, mut taken) = (0, 0);
                while taken < ops {
                    let [a, b, c, d] = &receivers;
                    let (arm, n) = select! {
                        recv(a) -> n => (0, n),
                        recv(b) -> n => (1, n),
                        recv(c) -> n => (2, n),
                        recv(d) -> n => (3, n),
                    };
                    match n {
                        Ok(n) => (sum, taken) = (sum + n, taken + 1),
                        Err(_) => receivers[arm] = never(),
                    }
                }
                sum
            });
            assert_eq!(taker.join().unwrap(), sum(clock.ops));
        }
        clock.ns_each()
    })
}

fn tokio(setup: &Setup) -> Figures {
    use tokio::sync::mpsc;
    let mut clock = Clock::new(setup, OPS);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let (ops, each) = (clock.ops, clock.ops / ARMS);
            let [mut a, mut b, mut c, mut d] = [(); ARMS].map(|()| {
                let (sender, receiver) = mpsc::channel::<usize>(CAPACITY);
                tokio::spawn(async move {
                    for n in 0..each {
                        sender.send(n).await.unwrap();
                    }
                });
                receiver
            });
            let taker = tokio::spawn(async move {
                let mut sum = 0;
                for _ in 0..ops {
                    sum += tokio::select! {
                        Some(n) = a.recv() => n,
                        Some(n) = b.recv() => n,
                        Some(n) = c.recv() => n,
                        Some(n) = d.recv() => n,
                    };
                }
                sum
            });
            assert_eq!(taker.await.unwrap(), sum(clock.ops));
        }
        clock.ns_each()
    })
}

fn may(setup: &Setup) -> Figures {
    use may::sync::mpsc;
    use std::sync::mpsc::RecvError;
    peers::may::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let (ops, each) = (clock.ops, clock.ops / ARMS);
            let channels = [(); ARMS].map(|()| mpsc::channel::<usize>());
            let [a, b, c, d] = channels.map(|(sender, receiver)| {
                go!(move || (0..each).for_each(|n| sender.send(n).unwrap()));
                receiver
            });
            let taker = go!(move || {
                // Sum and number of messages, and the arms that were found closed. Arms run as coroutines of their own.
                let [sum, taken, closed] = [(); 3].map(|()| AtomicUsize::new(0));
                let take = |arm: usize, got: Result<usize, _>| match got {
                    Ok(n) => _ = (sum.fetch_add(n, Ordering::Relaxed), taken.fetch_add(1, Ordering::Relaxed)),
                    Err(RecvError) => _ = closed.fetch_or(1 << arm, Ordering::Relaxed),
                };
                while taken.load(Ordering::Relaxed) < ops {
                    may::select!(
                        n = a.recv() => take(0, n),
                        n = b.recv() => take(1, n),
                        n = c.recv() => take(2, n),
                        n = d.recv() => take(3, n)
                    );
                    let (all_closed, taken) =
                        (closed.load(Ordering::Relaxed) == 0b1111, taken.load(Ordering::Relaxed));
                    assert!(
                        !all_closed || taken == ops,
                        "select! has lost messages: {taken} of {ops} arrived"
                    );
                }
                sum.into_inner()
            });
            assert_eq!(taker.join().unwrap(), sum(clock.ops));
        }
        clock.ns_each()
    })
}

fn smol(setup: &Setup) -> Figures {
    use smol::future::race;
    let mut clock = Clock::new(setup, OPS);
    peers::smol::run(setup, async move {
        while clock.lap() {
            let (ops, each) = (clock.ops, clock.ops / ARMS);
            let [a, b, c, d] = [(); ARMS].map(|()| {
                let (sender, receiver) = smol::channel::bounded::<usize>(CAPACITY);
                let task = peers::smol::spawn(async move {
                    for n in 0..each {
                        sender.send(n).await.unwrap();
                    }
                });
                task.detach();
                receiver
            });
            let taker = peers::smol::spawn(async move {
                let mut sum = 0;
                for _ in 0..ops {
                    sum += race(race(open(&a), open(&b)), race(open(&c), open(&d))).await;
                }
                sum
            });
            assert_eq!(taker.await, sum(clock.ops));
        }
        clock.ns_each()
    })
}

/// The next message; of a channel that is closed there is none for ever.
async fn open(receiver: &smol::channel::Receiver<usize>) -> usize {
    match receiver.recv().await {
        Ok(n) => n,
        Err(_) => std::future::pending().await,
    }
}

fn threads(setup: &Setup) -> Figures {
    use crossbeam_channel::{bounded, never, select};
    let mut clock = Clock::new(setup, OPS);
    while clock.lap() {
        let (ops, each) = (clock.ops, clock.ops / ARMS);
        let mut receivers = [(); ARMS].map(|()| {
            let (sender, receiver) = bounded::<usize>(CAPACITY);
            thread::spawn(move || (0..each).for_each(|n| sender.send(n).unwrap()));
            receiver
        });
        let taker = thread::spawn(move || {
            let (mut sum, mut taken) = (0, 0);
            while taken < ops {
                let [a, b, c, d] = &receivers;
                let (arm, n) = select! {
                    recv(a) -> n => (0, n),
                    recv(b) -> n => (1, n),
                    recv(c) -> n => (2, n),
                    recv(d) -> n => (3, n),
                };
                match n {
                    Ok(n) => (sum, taken) = (sum + n, taken + 1),
                    Err(_) => receivers[arm] = never(),
                }
            }
            sum
        });
        assert_eq!(taker.join().unwrap(), sum(clock.ops));
    }
    clock.ns_each()
}
