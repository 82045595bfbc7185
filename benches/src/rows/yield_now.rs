//! What does a yield cost, alone, between two tasks, among a thousand?

use super::prelude::*;

const OPS: usize = 200_000;
const PEERS: &[(Peer, Body)] = &[
    (Peer::Sisal, sisal),
    (Peer::SisalMigrate, sisal),
    (Peer::Tokio, tokio),
    (Peer::May, may),
    (Peer::Smol, smol),
    (Peer::Threads, threads),
];

pub(super) const ONE: Row = Row::new("yield-1", "yield, alone", &[Figure::new("ns", "ns").target(12.0)])
    .family("yield", &[1])
    .peers(PEERS);
pub(super) const TWO: Row = Row::new("yield-2", "yield, 2 tasks", &[Figure::new("ns", "ns").target(11.0)])
    .family("yield", &[2])
    .peers(PEERS);
pub(super) const THOUSAND: Row =
    Row::new("yield-1000", "yield, 1,000 tasks", &[Figure::new("ns", "ns").target(13.0)])
        .family("yield", &[1_000])
        .peers(PEERS);

fn sisal(setup: &Setup) -> Figures {
    peers::sisal::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let rounds = clock.ops / setup.param();
            let yields = move || (0..rounds).map(|_| sisal::yield_now()).count();
            let others: Vec<_> = (1..setup.param()).map(|_| sisal::spawn(yields)).collect();
            let mine = yields();
            assert_eq!(mine + others.into_iter().map(|one| one.join().unwrap()).sum::<usize>(), clock.ops);
        }
        clock.ns_each()
    })
}

fn tokio(setup: &Setup) -> Figures {
    async fn yields(rounds: usize) -> usize {
        let mut count = 0;
        for _ in 0..rounds {
            tokio::task::yield_now().await;
            count += 1;
        }
        count
    }
    let (mut clock, tasks) = (Clock::new(setup, OPS), setup.param());
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let rounds = clock.ops / tasks;
            let others: Vec<_> = (1..tasks).map(|_| tokio::spawn(yields(rounds))).collect();
            let mut sum = yields(rounds).await;
            for other in others {
                sum += other.await.unwrap();
            }
            assert_eq!(sum, clock.ops);
        }
        clock.ns_each()
    })
}

fn may(setup: &Setup) -> Figures {
    peers::may::run(setup, |setup| {
        let mut clock = Clock::new(setup, OPS);
        while clock.lap() {
            let rounds = clock.ops / setup.param();
            let yields = move || (0..rounds).map(|_| may::coroutine::yield_now()).count();
            let others: Vec<_> = (1..setup.param()).map(|_| go!(yields)).collect();
            let mine = yields();
            assert_eq!(mine + others.into_iter().map(|one| one.join().unwrap()).sum::<usize>(), clock.ops);
        }
        clock.ns_each()
    })
}

fn smol(setup: &Setup) -> Figures {
    async fn yields(rounds: usize) -> usize {
        let mut count = 0;
        for _ in 0..rounds {
            smol::future::yield_now().await;
            count += 1;
        }
        count
    }
    let (mut clock, tasks) = (Clock::new(setup, OPS), setup.param());
    peers::smol::run(setup, async move {
        while clock.lap() {
            let rounds = clock.ops / tasks;
            let others: Vec<_> = (1..tasks).map(|_| peers::smol::spawn(yields(rounds))).collect();
            let mut sum = yields(rounds).await;
            for other in others {
                sum += other.await;
            }
            assert_eq!(sum, clock.ops);
        }
        clock.ns_each()
    })
}

fn threads(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    while clock.lap() {
        let rounds = clock.ops / setup.param();
        let yields = move || (0..rounds).map(|_| thread::yield_now()).count();
        let others: Vec<_> = (1..setup.param()).map(|_| thread::spawn(yields)).collect();
        let mine = yields();
        assert_eq!(mine + others.into_iter().map(|one| one.join().unwrap()).sum::<usize>(), clock.ops);
    }
    clock.ns_each()
}
