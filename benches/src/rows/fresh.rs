//! What does a task take that has been spawned and has not begun to run?
//!
//! One worker, and the spawner does not let go of it until all are spawned. Go preempts it each 10 ms, so that there never
//! are a million.

use super::prelude::*;
use crate::memory;
use std::time::Instant;

const TASKS: usize = 1_000_000;

pub(super) const ROW: Row = Row::new(
    "fresh",
    "1M spawned, not started",
    &[Figure::new("bytes", "B").target(200.0), Figure::new("spawn_ns", "ns"), Figure::new("run_ns", "ns")],
)
.workers(1)
.without_go()
.peers(&[(Peer::Sisal, sisal), (Peer::Tokio, tokio), (Peer::May, may), (Peer::Smol, smol)]);

/// What is measured around the spawns.
struct Measure {
    tasks: usize,
    ran: Arc<AtomicUsize>,
    resident: u64,
    since: Instant,
}

impl Measure {
    fn begin(setup: &Setup) -> Self {
        let ran = Arc::new(AtomicUsize::new(0));
        Self { tasks: setup.ops(TASKS), ran, resident: memory::resident("self"), since: Instant::now() }
    }

    fn each(&self) -> f64 {
        self.since.elapsed().as_nanos() as f64 / self.tasks as f64
    }

    /// All are spawned, none has run.
    fn spawned(&mut self) -> Figures {
        let spawn_ns = self.each();
        assert_eq!(self.ran.load(Ordering::Relaxed), 0, "some have started");
        let grown = memory::resident("self").saturating_sub(self.resident);
        self.since = Instant::now();
        vec![("spawn_ns", spawn_ns), ("bytes", grown as f64 / self.tasks as f64)]
    }

    fn all_ran(&self) -> bool {
        self.ran.load(Ordering::Relaxed) == self.tasks
    }

    fn finish(&self, mut figures: Figures) -> Figures {
        figures.push(("run_ns", self.each()));
        figures
    }
}

fn sisal(setup: &Setup) -> Figures {
    peers::sisal::run(setup, |setup| {
        let mut measure = Measure::begin(setup);
        for _ in 0..measure.tasks {
            let ran = Arc::clone(&measure.ran);
            sisal::spawn(move || ran.fetch_add(1, Ordering::Relaxed));
        }
        let figures = measure.spawned();
        while !measure.all_ran() {
            sisal::yield_now();
        }
        measure.finish(figures)
    })
}

fn tokio(setup: &Setup) -> Figures {
    let mut measure = Measure::begin(setup);
    peers::tokio::run(setup, async move {
        for _ in 0..measure.tasks {
            let ran = Arc::clone(&measure.ran);
            tokio::spawn(async move { ran.fetch_add(1, Ordering::Relaxed) });
        }
        let figures = measure.spawned();
        while !measure.all_ran() {
            tokio::task::yield_now().await;
        }
        measure.finish(figures)
    })
}

fn may(setup: &Setup) -> Figures {
    peers::may::run(setup, |setup| {
        let mut measure = Measure::begin(setup);
        for _ in 0..measure.tasks {
            let ran = Arc::clone(&measure.ran);
            go!(move || ran.fetch_add(1, Ordering::Relaxed));
        }
        let figures = measure.spawned();
        while !measure.all_ran() {
            may::coroutine::yield_now();
        }
        measure.finish(figures)
    })
}

fn smol(setup: &Setup) -> Figures {
    let mut measure = Measure::begin(setup);
    peers::smol::run(setup, async move {
        for _ in 0..measure.tasks {
            let ran = Arc::clone(&measure.ran);
            peers::smol::spawn(async move { ran.fetch_add(1, Ordering::Relaxed) }).detach();
        }
        let figures = measure.spawned();
        while !measure.all_ran() {
            smol::future::yield_now().await;
        }
        measure.finish(figures)
    })
}
