//! What do a million tasks cost that wait: to create, with the memory cold and warm, to hold, to end?
//!
//! All wait for one gate to close. Bytes are what the kernel counts, page tables included. The row `growth` asks the same of
//! a hundred to a million, and what a yield among so many costs.
//!
//! A stackful task cannot take less than a page: that fault and the guard page beside it are the column `floor`.

use super::prelude::*;
use crate::memory;
use std::time::{Duration, Instant};

const PEERS: &[(Peer, Body)] = &[
    (Peer::Sisal, sisal),
    (Peer::SisalMigrate, sisal),
    (Peer::Tokio, tokio),
    (Peer::May, may),
    (Peer::Smol, smol),
];
const PAGES: &str =
    "a stack takes a page, and its first touch a fault; a stackless task takes a few hundred bytes of heap";
const GROWS: &str = "shows how figures grow; they count in rows of their own";

pub(super) const MILLION: Row = Row::new(
    "parked",
    "1M parked",
    &[
        Figure::new("create_ns", "ns").target(1_900.0).aside(PAGES),
        Figure::new("create_warm_ns", "ns").target(100.0),
        Figure::new("bytes", "B").target(4_500.0).aside(PAGES),
        Figure::new("drain_ns", "ns").target(200.0),
        Figure::new("mappings", "mappings").target(100.0).aside("one mapping or a hundred are all the same"),
    ],
)
.family("parked", &[1_000_000, 0])
.peers(&[
    (Peer::Sisal, sisal),
    (Peer::SisalMigrate, sisal),
    (Peer::Tokio, tokio),
    (Peer::May, may),
    (Peer::Smol, smol),
    (Peer::Floor, super::floor::page_and_guard),
]);

/// The same with fewer tasks, each of which yields a number of times once the gate is open.
const fn growth(name: &'static str, title: &'static str, fibers_and_yields: &'static [usize]) -> Row {
    const FIGURES: &[Figure] = &[
        Figure::new("bytes", "B").aside(GROWS),
        Figure::new("create_ns", "ns").aside(GROWS),
        Figure::new("switch_ns", "ns").aside(GROWS),
    ];
    Row::new(name, title, FIGURES).family("parked", fibers_and_yields).peers(PEERS)
}

pub(super) const GROWTH_2: Row = growth("growth-100", "100 tasks", &[100, 20_000]);
pub(super) const GROWTH_3: Row = growth("growth-1000", "1,000 tasks", &[1_000, 2_000]);
pub(super) const GROWTH_4: Row = growth("growth-10000", "10,000 tasks", &[10_000, 200]);
pub(super) const GROWTH_5: Row = growth("growth-100000", "100,000 tasks", &[100_000, 20]);
pub(super) const GROWTH_6: Row = growth("growth-1000000", "1,000,000 tasks", &[1_000_000, 3]);

/// What the tasks of one round share.
struct Crowd<Gate> {
    started: AtomicUsize,
    ended: AtomicUsize,
    gate: Gate,
}

impl<Gate> Crowd<Gate> {
    fn new(gate: Gate) -> Arc<Self> {
        Arc::new(Self { started: AtomicUsize::new(0), ended: AtomicUsize::new(0), gate })
    }

    /// How many have come to the gate.
    fn started(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }

    /// How many are done.
    fn ended(&self) -> usize {
        self.ended.load(Ordering::Acquire)
    }

    fn start(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    fn end(&self) {
        self.ended.fetch_add(1, Ordering::Release);
    }
}

/// A round in cold memory, then one in warm.
struct Rounds {
    size: usize,
    yields: usize,
    round: usize,
    since: Instant,
    resident: u64,
    figures: Figures,
}

impl Rounds {
    fn new(setup: &Setup) -> Self {
        let &[size, yields] = setup.params else { unreachable!() };
        let (size, since) = (setup.ops(size), Instant::now());
        Self { size, yields, round: 0, since, resident: 0, figures: Vec::new() }
    }

    /// Whether there is another round.
    fn begin(&mut self) -> bool {
        self.round += 1;
        self.resident = memory::resident("self");
        self.since = Instant::now();
        self.round <= 2
    }

    fn each(&self) -> f64 {
        self.since.elapsed().as_nanos() as f64 / self.size as f64
    }

    /// All have started and wait. The gate is opened next.
    fn all_wait(&mut self) {
        self.figures.push((if self.round == 1 { "create_ns" } else { "create_warm_ns" }, self.each()));
        if self.round == 1 {
            // The last to start is still on its way to the gate.
            thread::sleep(Duration::from_millis(20));
            let grown = memory::resident("self").saturating_sub(self.resident);
            self.figures.push(("bytes", grown as f64 / self.size as f64));
            self.figures.push(("mappings", memory::mappings() as f64));
        }
        self.since = Instant::now();
    }

    /// All have ended.
    fn all_ended(&mut self) {
        if self.round == 1 {
            self.figures.push(("drain_ns", self.each()));
            self.figures.push(("switch_ns", self.each() / self.yields.max(1) as f64));
        }
    }
}

fn sisal(setup: &Setup) -> Figures {
    peers::sisal::run(setup, |setup| {
        let mut rounds = Rounds::new(setup);
        while rounds.begin() {
            let (open, gate) = channel::bounded::<()>(1);
            let (crowd, yields) = (Crowd::new(gate), rounds.yields);
            for _ in 0..rounds.size {
                let crowd = Arc::clone(&crowd);
                sisal::spawn(move || {
                    crowd.start();
                    assert!(crowd.gate.recv().is_err());
                    (0..yields).for_each(|_| sisal::yield_now());
                    crowd.end();
                });
            }
            while crowd.started() < rounds.size {
                sisal::yield_now();
            }
            rounds.all_wait();
            drop(open);
            while crowd.ended() < rounds.size {
                sisal::yield_now();
            }
            rounds.all_ended();
        }
        rounds.figures
    })
}

fn tokio(setup: &Setup) -> Figures {
    use tokio::sync::Semaphore;
    let mut rounds = Rounds::new(setup);
    peers::tokio::run(setup, async move {
        while rounds.begin() {
            let (crowd, yields) = (Crowd::new(Semaphore::new(0)), rounds.yields);
            for _ in 0..rounds.size {
                let crowd = Arc::clone(&crowd);
                tokio::spawn(async move {
                    crowd.start();
                    assert!(crowd.gate.acquire().await.is_err());
                    for _ in 0..yields {
                        tokio::task::yield_now().await;
                    }
                    crowd.end();
                });
            }
            while crowd.started() < rounds.size {
                tokio::task::yield_now().await;
            }
            rounds.all_wait();
            crowd.gate.close();
            while crowd.ended() < rounds.size {
                tokio::task::yield_now().await;
            }
            rounds.all_ended();
        }
        rounds.figures
    })
}

fn may(setup: &Setup) -> Figures {
    peers::may::run(setup, |setup| {
        let mut rounds = Rounds::new(setup);
        while rounds.begin() {
            let (open, gate) = may::sync::mpmc::channel::<()>();
            let (crowd, yields) = (Crowd::new(gate), rounds.yields);
            for _ in 0..rounds.size {
                let crowd = Arc::clone(&crowd);
                go!(move || {
                    crowd.start();
                    assert!(crowd.gate.recv().is_err());
                    (0..yields).for_each(|_| may::coroutine::yield_now());
                    crowd.end();
                });
            }
            while crowd.started() < rounds.size {
                may::coroutine::yield_now();
            }
            rounds.all_wait();
            drop(open);
            while crowd.ended() < rounds.size {
                may::coroutine::yield_now();
            }
            rounds.all_ended();
        }
        rounds.figures
    })
}

fn smol(setup: &Setup) -> Figures {
    let mut rounds = Rounds::new(setup);
    peers::smol::run(setup, async move {
        while rounds.begin() {
            let (open, gate) = smol::channel::bounded::<()>(1);
            let (crowd, yields) = (Crowd::new(gate), rounds.yields);
            for _ in 0..rounds.size {
                let crowd = Arc::clone(&crowd);
                let task = peers::smol::spawn(async move {
                    crowd.start();
                    assert!(crowd.gate.recv().await.is_err());
                    for _ in 0..yields {
                        smol::future::yield_now().await;
                    }
                    crowd.end();
                });
                task.detach();
            }
            while crowd.started() < rounds.size {
                smol::future::yield_now().await;
            }
            rounds.all_wait();
            drop(open);
            while crowd.ended() < rounds.size {
                smol::future::yield_now().await;
            }
            rounds.all_ended();
        }
        rounds.figures
    })
}
