//! What does a message cost from N senders to M receivers, through a channel that holds 256 messages, or any number?
//!
//! tokio has no channel with several receivers; there it is async-channel, as its users do. may's channels have no bound.
//! `mpsc` is a type of its own in tokio and may, sisal's is always the one with many receivers. In `spsc`, the same holds;
//! may's dedicated one-to-one type is shown as a row of its own.

use super::prelude::*;

/// Messages of all senders together.
const OPS: usize = 200_000;

const fn row(
    name: &'static str,
    title: &'static str,
    figures: &'static [Figure],
    shape: &'static [usize],
) -> Row {
    Row::new(name, title, figures).family("stream", shape).peers(&[
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
        (Peer::Threads, threads),
    ])
}

const NS_25: &[Figure] = &[Figure::new("ns", "ns").target(25.0)];
const NS_15: &[Figure] = &[Figure::new("ns", "ns").target(15.0)];

// Senders, receivers, capacity (0: any number).
pub(super) const MPSC: Row = row("mpsc", "mpsc 8:1, bounded 256", NS_25, &[8, 1, 256]);
pub(super) const MPSC_UNBOUNDED: Row = row("mpsc-unbounded", "mpsc 8:1, unbounded", NS_25, &[8, 1, 0]);
pub(super) const MPMC: Row = row("mpmc", "mpmc 8:8, bounded 256", NS_25, &[8, 8, 256]);
pub(super) const MPMC_UNBOUNDED: Row = row("mpmc-unbounded", "mpmc 8:8, unbounded", NS_25, &[8, 8, 0]);
pub(super) const SPSC: Row = row("spsc", "spsc, bounded 256", NS_15, &[1, 1, 256]);
pub(super) const SPSC_UNBOUNDED: Row = row("spsc-unbounded", "spsc, unbounded", NS_15, &[1, 1, 0]);
pub(super) const SPSC_DEDICATED: Row = Row::new(
    "spsc-dedicated",
    "spsc, unbounded, dedicated types",
    &[Figure::new("ns", "ns").aside("sisal has no dedicated type; for information")],
)
.family("stream", &[1, 1, 0])
.without_go()
.peers(&[(Peer::Sisal, sisal), (Peer::May, may_dedicated)]);

/// What all messages of a round add up to: each sender sends 0 to `each`.
fn sum(senders: usize, each: usize) -> usize {
    senders * (each * (each - 1) / 2)
}

fn sisal(setup: &Setup) -> Figures {
    let &[senders, receivers, capacity] = setup.params else { unreachable!() };
    peers::sisal::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let each = clock.ops / senders;
            let (sender, receiver) =
                if capacity == 0 { channel::unbounded() } else { channel::bounded(capacity) };
            let receivers: Vec<_> = (0..receivers)
                .map(|_| {
                    let receiver = receiver.clone();
                    sisal::spawn(move || receiver.iter().sum::<usize>())
                })
                .collect();
            for _ in 0..senders {
                let sender = sender.clone();
                sisal::spawn(move || (0..each).for_each(|n| sender.send(n).unwrap()));
            }
            drop(sender);
            let got = receivers.into_iter().map(|one| one.join().unwrap()).sum::<usize>();
            assert_eq!(got, sum(senders, each));
        }
        clock.ns_each()
    })
}

fn tokio(setup: &Setup) -> Figures {
    match *setup.params {
        [senders, 1, 0] => tokio_unbounded(setup, senders),
        [senders, 1, capacity] => tokio_bounded(setup, senders, capacity),
        [senders, receivers, capacity] => tokio_many(setup, senders, receivers, capacity),
        _ => unreachable!(),
    }
}

fn tokio_unbounded(setup: &Setup, senders: usize) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let each = clock.ops / senders;
            let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
            for _ in 0..senders {
                let sender = sender.clone();
                tokio::spawn(async move { (0..each).for_each(|n| sender.send(n).unwrap()) });
            }
            drop(sender);
            let receiver = tokio::spawn(async move {
                let mut sum = 0;
                while let Some(n) = receiver.recv().await {
                    sum += n;
                }
                sum
            });
            assert_eq!(receiver.await.unwrap(), sum(senders, each));
        }
        clock.ns_each()
    })
}

fn tokio_bounded(setup: &Setup, senders: usize, capacity: usize) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let each = clock.ops / senders;
            let (sender, mut receiver) = tokio::sync::mpsc::channel(capacity);
            for _ in 0..senders {
                let sender = sender.clone();
                tokio::spawn(async move {
                    for n in 0..each {
                        sender.send(n).await.unwrap();
                    }
                });
            }
            drop(sender);
            let receiver = tokio::spawn(async move {
                let mut sum = 0;
                while let Some(n) = receiver.recv().await {
                    sum += n;
                }
                sum
            });
            assert_eq!(receiver.await.unwrap(), sum(senders, each));
        }
        clock.ns_each()
    })
}

fn async_channel(capacity: usize) -> (smol::channel::Sender<usize>, smol::channel::Receiver<usize>) {
    if capacity == 0 { smol::channel::unbounded() } else { smol::channel::bounded(capacity) }
}

async fn send_all(sender: smol::channel::Sender<usize>, each: usize) {
    for n in 0..each {
        sender.send(n).await.unwrap();
    }
}

async fn receive_all(receiver: smol::channel::Receiver<usize>) -> usize {
    let mut sum = 0;
    while let Ok(n) = receiver.recv().await {
        sum += n;
    }
    sum
}

fn tokio_many(setup: &Setup, senders: usize, receivers: usize, capacity: usize) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let each = clock.ops / senders;
            let (sender, receiver) = async_channel(capacity);
            let receivers: Vec<_> =
                (0..receivers).map(|_| tokio::spawn(receive_all(receiver.clone()))).collect();
            (0..senders).for_each(|_| _ = tokio::spawn(send_all(sender.clone(), each)));
            drop(sender);
            let mut got = 0;
            for one in receivers {
                got += one.await.unwrap();
            }
            assert_eq!(got, sum(senders, each));
        }
        clock.ns_each()
    })
}

fn smol(setup: &Setup) -> Figures {
    let &[senders, receivers, capacity] = setup.params else { unreachable!() };
    let mut clock = Clock::new(setup, OPS);
    peers::smol::run(setup, async move {
        while clock.lap() {
            let each = clock.ops / senders;
            let (sender, receiver) = async_channel(capacity);
            let receivers: Vec<_> =
                (0..receivers).map(|_| peers::smol::spawn(receive_all(receiver.clone()))).collect();
            (0..senders).for_each(|_| peers::smol::spawn(send_all(sender.clone(), each)).detach());
            drop(sender);
            let mut got = 0;
            for one in receivers {
                got += one.await;
            }
            assert_eq!(got, sum(senders, each));
        }
        clock.ns_each()
    })
}

fn may(setup: &Setup) -> Figures {
    match *setup.params {
        [senders, 1, _] => may_single(setup, senders),
        [senders, receivers, _] => may_many(setup, senders, receivers),
        _ => unreachable!(),
    }
}

fn may_single(setup: &Setup, senders: usize) -> Figures {
    peers::may::run(setup, move |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let each = clock.ops / senders;
            let (sender, receiver) = may::sync::mpsc::channel();
            for _ in 0..senders {
                let sender = sender.clone();
                go!(move || (0..each).for_each(|n| sender.send(n).unwrap()));
            }
            drop(sender);
            let receiver = go!(move || receiver.iter().sum::<usize>());
            assert_eq!(receiver.join().unwrap(), sum(senders, each));
        }
        clock.ns_each()
    })
}

fn may_many(setup: &Setup, senders: usize, receivers: usize) -> Figures {
    peers::may::run(setup, move |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let each = clock.ops / senders;
            let (sender, receiver) = may::sync::mpmc::channel();
            let mut takers = Vec::new();
            for _ in 0..receivers {
                let receiver = receiver.clone();
                takers.push(go!(move || receiver.iter().sum::<usize>()));
            }
            for _ in 0..senders {
                let sender = sender.clone();
                go!(move || (0..each).for_each(|n| sender.send(n).unwrap()));
            }
            drop(sender);
            let got = takers.into_iter().map(|one| one.join().unwrap()).sum::<usize>();
            assert_eq!(got, sum(senders, each));
        }
        clock.ns_each()
    })
}

fn may_dedicated(setup: &Setup) -> Figures {
    peers::may::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let each = clock.ops;
            let (sender, receiver) = may::sync::spsc::channel();
            go!(move || (0..each).for_each(|n| sender.send(n).unwrap()));
            let receiver = go!(move || receiver.iter().sum::<usize>());
            assert_eq!(receiver.join().unwrap(), sum(1, each));
        }
        clock.ns_each()
    })
}

fn threads(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    let &[senders, receivers, capacity] = setup.params else { unreachable!() };
    while clock.lap() {
        let each = clock.ops / senders;
        let (sender, receiver) = match capacity {
            0 => crossbeam_channel::unbounded(),
            capacity => crossbeam_channel::bounded(capacity),
        };
        let receivers: Vec<_> = (0..receivers)
            .map(|_| {
                let receiver = receiver.clone();
                thread::spawn(move || receiver.iter().sum::<usize>())
            })
            .collect();
        for _ in 0..senders {
            let sender = sender.clone();
            thread::spawn(move || (0..each).for_each(|n| sender.send(n).unwrap()));
        }
        drop(sender);
        let got = receivers.into_iter().map(|one| one.join().unwrap()).sum::<usize>();
        assert_eq!(got, sum(senders, each));
    }
    clock.ns_each()
}
