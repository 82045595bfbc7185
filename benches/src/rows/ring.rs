//! What does a hop cost in a ring of 1,000 tasks through which one message travels?

use super::prelude::*;

const OPS: usize = 100_000;
/// Tasks in the ring; the one that starts the message is the last of them.
const NODES: usize = 1_000;

pub(super) const ROW: Row = Row::new("ring", "ring of 1,000, a hop", &[Figure::new("ns", "ns").target(60.0)])
    .peers(&[
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
        (Peer::Threads, threads),
    ]);

fn sisal(setup: &Setup) -> Figures {
    peers::sisal::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let (first, mut before) = channel::bounded::<usize>(1);
            for _ in 1..NODES {
                let (next, after) = channel::bounded(1);
                let received = mem::replace(&mut before, after);
                sisal::spawn(move || received.iter().for_each(|n| next.send(n + 1).unwrap()));
            }
            for _ in 0..clock.ops / NODES {
                first.send(1).unwrap();
                assert_eq!(before.recv(), Ok(NODES));
            }
        }
        clock.ns_each()
    })
}

fn tokio(setup: &Setup) -> Figures {
    use tokio::sync::mpsc;
    let mut clock = Clock::new(setup, OPS);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let (first, mut before) = mpsc::channel::<usize>(1);
            for _ in 1..NODES {
                let (next, after) = mpsc::channel(1);
                let mut received = mem::replace(&mut before, after);
                tokio::spawn(async move {
                    while let Some(n) = received.recv().await {
                        next.send(n + 1).await.unwrap();
                    }
                });
            }
            for _ in 0..clock.ops / NODES {
                first.send(1).await.unwrap();
                assert_eq!(before.recv().await, Some(NODES));
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
            let (first, mut before) = spsc::channel::<usize>();
            for _ in 1..NODES {
                let (next, after) = spsc::channel();
                let received = mem::replace(&mut before, after);
                go!(move || received.iter().for_each(|n| next.send(n + 1).unwrap()));
            }
            for _ in 0..clock.ops / NODES {
                first.send(1).unwrap();
                assert_eq!(before.recv(), Ok(NODES));
            }
        }
        clock.ns_each()
    })
}

fn smol(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::smol::run(setup, async move {
        while clock.lap() {
            let (first, mut before) = smol::channel::bounded::<usize>(1);
            for _ in 1..NODES {
                let (next, after) = smol::channel::bounded(1);
                let received = mem::replace(&mut before, after);
                let node = peers::smol::spawn(async move {
                    while let Ok(n) = received.recv().await {
                        next.send(n + 1).await.unwrap();
                    }
                });
                node.detach();
            }
            for _ in 0..clock.ops / NODES {
                first.send(1).await.unwrap();
                assert_eq!(before.recv().await, Ok(NODES));
            }
        }
        clock.ns_each()
    })
}

fn threads(setup: &Setup) -> Figures {
    use crossbeam_channel::bounded;
    let mut clock = Clock::new(setup, OPS / 5);
    while clock.lap() {
        let (first, mut before) = bounded::<usize>(1);
        for _ in 1..NODES {
            let (next, after) = bounded(1);
            let received = mem::replace(&mut before, after);
            thread::spawn(move || received.iter().for_each(|n| next.send(n + 1).unwrap()));
        }
        for _ in 0..(clock.ops / NODES).max(1) {
            first.send(1).unwrap();
            assert_eq!(before.recv(), Ok(NODES));
        }
    }
    clock.ns_each()
}
