//! What does it cost to spawn a task that nobody joins, and to run it? Ten thousand at a
//! time; the last of them to end says so.

use super::prelude::*;

const OPS: usize = 10_000;

pub(super) const ROW: Row =
    Row::new("spawn-detached", "spawn detached", &[Figure::new("ns", "ns").target(80.0)]).peers(&[
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
    ]);

/// Whether the caller is the last of those who share `left`.
fn is_last(left: &AtomicUsize) -> bool {
    left.fetch_sub(1, Ordering::AcqRel) == 1
}

fn sisal(setup: &Setup) -> Figures {
    peers::sisal::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let (done, all_done) = channel::bounded(1);
            let shared = Arc::new((AtomicUsize::new(clock.ops), done));
            for _ in 0..clock.ops {
                let shared = Arc::clone(&shared);
                sisal::spawn(move || {
                    if is_last(&shared.0) {
                        shared.1.send(()).unwrap();
                    }
                });
            }
            all_done.recv().unwrap();
        }
        clock.ns_each()
    })
}

fn tokio(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let (done, mut all_done) = tokio::sync::mpsc::channel(1);
            let shared = Arc::new((AtomicUsize::new(clock.ops), done));
            for _ in 0..clock.ops {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    if is_last(&shared.0) {
                        shared.1.send(()).await.unwrap();
                    }
                });
            }
            all_done.recv().await.unwrap();
        }
        clock.ns_each()
    })
}

fn may(setup: &Setup) -> Figures {
    peers::may::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let (done, all_done) = may::sync::mpsc::channel();
            let shared = Arc::new((AtomicUsize::new(clock.ops), done));
            for _ in 0..clock.ops {
                let shared = Arc::clone(&shared);
                go!(move || {
                    if is_last(&shared.0) {
                        shared.1.send(()).unwrap();
                    }
                });
            }
            all_done.recv().unwrap();
        }
        clock.ns_each()
    })
}

fn smol(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::smol::run(setup, async move {
        while clock.lap() {
            let (done, all_done) = smol::channel::bounded(1);
            let shared = Arc::new((AtomicUsize::new(clock.ops), done));
            for _ in 0..clock.ops {
                let shared = Arc::clone(&shared);
                let task = peers::smol::spawn(async move {
                    if is_last(&shared.0) {
                        shared.1.send(()).await.unwrap();
                    }
                });
                task.detach();
            }
            all_done.recv().await.unwrap();
        }
        clock.ns_each()
    })
}
