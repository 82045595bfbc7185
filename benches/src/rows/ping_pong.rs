//! What does a round trip between two tasks cost, for one pair, for a hundred, and for a pair whose halves live on different
//! workers?
//!
//! The usual rows let the runtime place the pair; `near` and `split` place it, which only sisal can.

use super::prelude::*;

/// Round trips of all pairs together.
const OPS: usize = 50_000;
const PEERS: &[(Peer, Body)] = &[
    (Peer::Sisal, sisal),
    (Peer::SisalMigrate, sisal),
    (Peer::Tokio, tokio),
    (Peer::May, may),
    (Peer::Smol, smol),
    (Peer::Threads, threads),
];

pub(super) const ONE: Row =
    Row::new("ping-pong-1", "ping-pong, 1 pair", &[Figure::new("ns", "ns").target(55.0)])
        .family("ping-pong", &[1])
        .peers(PEERS);
pub(super) const HUNDRED: Row =
    Row::new("ping-pong-100", "ping-pong, 100 pairs", &[Figure::new("ns", "ns").target(50.0)])
        .family("ping-pong", &[100])
        .peers(PEERS);
const PLACED: &str = "no other runtime can be told where a task lives";
pub(super) const NEAR: Row = Row::new(
    "ping-pong-near",
    "ping-pong, 1 pair, one home",
    &[Figure::new("ns", "ns").target(55.0).aside(PLACED)],
)
.family("ping-pong", &[1])
.without_go()
.peers(&[(Peer::Sisal, near)]);
pub(super) const SPLIT: Row = Row::new(
    "ping-pong-split",
    "ping-pong, 1 pair, two homes",
    &[Figure::new("ns", "ns").target(500.0).aside(PLACED)],
)
.family("ping-pong", &[1])
.without_go()
.peers(&[(Peer::Sisal, split)]);

fn sisal(setup: &Setup) -> Figures {
    placed(setup, None)
}

fn near(setup: &Setup) -> Figures {
    placed(setup, Some([0, 0]))
}

fn split(setup: &Setup) -> Figures {
    placed(setup, Some([0, 1]))
}

fn placed(setup: &Setup, homes: Option<[usize; 2]>) -> Figures {
    let builder = |side: usize| {
        let builder = fiber::Builder::new();
        homes.map_or(fiber::Builder::new(), |homes| builder.home(homes[side]))
    };
    peers::sisal::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let rounds = clock.ops / setup.param();
            let mut sides = Vec::new();
            for _ in 0..setup.param() {
                let (ping, pinged) = channel::bounded::<usize>(1);
                let (pong, ponged) = channel::bounded::<usize>(1);
                let echo = move || pinged.iter().for_each(|n| pong.send(n + 1).unwrap());
                sides.push(builder(0).spawn(echo).unwrap());
                let ask = move || {
                    for n in 0..rounds {
                        ping.send(n).unwrap();
                        assert_eq!(ponged.recv(), Ok(n + 1));
                    }
                };
                sides.push(builder(1).spawn(ask).unwrap());
            }
            sides.into_iter().for_each(|side| side.join().unwrap());
        }
        clock.ns_each()
    })
}

fn tokio(setup: &Setup) -> Figures {
    use tokio::sync::mpsc;
    let (mut clock, pairs) = (Clock::new(setup, OPS), setup.param());
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let rounds = clock.ops / pairs;
            let mut sides = Vec::new();
            for _ in 0..pairs {
                let (ping, mut pinged) = mpsc::channel::<usize>(1);
                let (pong, mut ponged) = mpsc::channel::<usize>(1);
                sides.push(tokio::spawn(async move {
                    while let Some(n) = pinged.recv().await {
                        pong.send(n + 1).await.unwrap();
                    }
                }));
                sides.push(tokio::spawn(async move {
                    for n in 0..rounds {
                        ping.send(n).await.unwrap();
                        assert_eq!(ponged.recv().await, Some(n + 1));
                    }
                }));
            }
            for side in sides {
                side.await.unwrap();
            }
        }
        clock.ns_each()
    })
}

fn may(setup: &Setup) -> Figures {
    use may::sync::spsc;
    peers::may::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let rounds = clock.ops / setup.param();
            let mut sides = Vec::new();
            for _ in 0..setup.param() {
                let (ping, pinged) = spsc::channel::<usize>();
                let (pong, ponged) = spsc::channel::<usize>();
                sides.push(go!(move || pinged.iter().for_each(|n| pong.send(n + 1).unwrap())));
                sides.push(go!(move || for n in 0..rounds {
                    ping.send(n).unwrap();
                    assert_eq!(ponged.recv(), Ok(n + 1));
                }));
            }
            sides.into_iter().for_each(|side| side.join().unwrap());
        }
        clock.ns_each()
    })
}

fn smol(setup: &Setup) -> Figures {
    let (mut clock, pairs) = (Clock::new(setup, OPS), setup.param());
    peers::smol::run(setup, async move {
        while clock.lap() {
            let rounds = clock.ops / pairs;
            let mut sides = Vec::new();
            for _ in 0..pairs {
                let (ping, pinged) = smol::channel::bounded::<usize>(1);
                let (pong, ponged) = smol::channel::bounded::<usize>(1);
                sides.push(peers::smol::spawn(async move {
                    while let Ok(n) = pinged.recv().await {
                        pong.send(n + 1).await.unwrap();
                    }
                }));
                sides.push(peers::smol::spawn(async move {
                    for n in 0..rounds {
                        ping.send(n).await.unwrap();
                        assert_eq!(ponged.recv().await, Ok(n + 1));
                    }
                }));
            }
            for side in sides {
                side.await;
            }
        }
        clock.ns_each()
    })
}

fn threads(setup: &Setup) -> Figures {
    use crossbeam_channel::bounded;
    let mut clock = Clock::new(setup, OPS / 5);
    while clock.lap() {
        let rounds = clock.ops / setup.param();
        let mut sides = Vec::new();
        for _ in 0..setup.param() {
            let (ping, pinged) = bounded::<usize>(1);
            let (pong, ponged) = bounded::<usize>(1);
            sides.push(thread::spawn(move || pinged.iter().for_each(|n| pong.send(n + 1).unwrap())));
            sides.push(thread::spawn(move || {
                for n in 0..rounds {
                    ping.send(n).unwrap();
                    assert_eq!(ponged.recv(), Ok(n + 1));
                }
            }));
        }
        sides.into_iter().for_each(|side| side.join().unwrap());
    }
    clock.ns_each()
}
