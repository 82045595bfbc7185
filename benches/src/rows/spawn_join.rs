//! What does it cost to spawn a task that does nothing, and to wait for its end?

use super::prelude::*;

const OPS: usize = 100_000;

pub(super) const ROW: Row = Row::new("spawn-join", "spawn + join", &[Figure::new("ns", "ns").target(70.0)])
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
            for n in 0..clock.ops {
                assert_eq!(sisal::spawn(move || n).join().unwrap(), n);
            }
        }
        clock.ns_each()
    })
}

fn tokio(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            for n in 0..clock.ops {
                assert_eq!(tokio::spawn(async move { n }).await.unwrap(), n);
            }
        }
        clock.ns_each()
    })
}

fn may(setup: &Setup) -> Figures {
    peers::may::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            for n in 0..clock.ops {
                assert_eq!(go!(move || n).join().unwrap(), n);
            }
        }
        clock.ns_each()
    })
}

fn smol(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::smol::run(setup, async move {
        while clock.lap() {
            for n in 0..clock.ops {
                assert_eq!(peers::smol::spawn(async move { n }).await, n);
            }
        }
        clock.ns_each()
    })
}

fn threads(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS / 100);
    while clock.lap() {
        for n in 0..clock.ops {
            assert_eq!(thread::spawn(move || n).join().unwrap(), n);
        }
    }
    clock.ns_each()
}
