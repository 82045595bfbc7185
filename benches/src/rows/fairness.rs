//! How late does a tick of 1 ms come beside eight tasks that compute and yield each millisecond?
//!
//! Ticks are due at whole milliseconds since the start; one that is missed is left out, as Go's ticker does.

use super::prelude::*;
use crate::clock::percentile;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

const HOGS: usize = 8;
const PERIOD: Duration = Duration::from_millis(1);
/// How long it goes on, in periods.
const PERIODS: usize = 2_000;

pub(super) const ROW: Row = Row::new(
    "fairness",
    "1 ms ticks beside 8 hogs, late",
    &[
        Figure::new("p50_us", "µs").aside("the tail counts"),
        Figure::new("p99_us", "µs"),
        Figure::new("max_us", "µs"),
    ],
)
.peers(&[
    (Peer::Sisal, sisal),
    (Peer::SisalMigrate, sisal),
    (Peer::Tokio, tokio),
    (Peer::May, may),
    (Peer::Smol, smol),
    (Peer::Threads, threads),
]);

/// The ticks: when the next is due, and how late the others came.
struct Ticks {
    began: Instant,
    next: usize,
    end: usize,
    late_us: Vec<f64>,
}

impl Ticks {
    fn new(setup: &Setup) -> Self {
        Self { began: Instant::now(), next: 1, end: setup.ops(PERIODS), late_us: Vec::new() }
    }

    /// When the next is due; nothing once it is over.
    fn due(&self) -> Option<Instant> {
        (self.next <= self.end).then(|| self.began + PERIOD * self.next as u32)
    }

    /// The tick that was due has come.
    fn came(&mut self) {
        let late = Instant::now().saturating_duration_since(self.began + PERIOD * self.next as u32);
        self.late_us.push(late.as_nanos() as f64 / 1e3);
        let passed = self.began.elapsed().as_nanos() / PERIOD.as_nanos();
        self.next = (self.next + 1).max(passed as usize + 1);
    }

    fn figures(mut self) -> Figures {
        let late = &mut self.late_us;
        vec![
            ("p50_us", percentile(late, 0.5)),
            ("p99_us", percentile(late, 0.99)),
            ("max_us", percentile(late, 1.0)),
        ]
    }
}

/// A millisecond of work.
fn compute() {
    let began = Instant::now();
    while began.elapsed() < PERIOD {
        std::hint::spin_loop();
    }
}

fn sisal(setup: &Setup) -> Figures {
    peers::sisal::run(setup, |setup| {
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..HOGS {
            let stop = Arc::clone(&stop);
            sisal::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    compute();
                    sisal::yield_now();
                }
            });
        }
        let mut ticks = Ticks::new(setup);
        let ticker = sisal::spawn(move || {
            while let Some(due) = ticks.due() {
                sisal::time::sleep_until(due);
                ticks.came();
            }
            ticks.figures()
        });
        let figures = ticker.join().unwrap();
        stop.store(true, Ordering::Relaxed);
        figures
    })
}

fn tokio(setup: &Setup) -> Figures {
    let mut ticks = Ticks::new(setup);
    peers::tokio::run(setup, async move {
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..HOGS {
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    compute();
                    tokio::task::yield_now().await;
                }
            });
        }
        let ticker = tokio::spawn(async move {
            while let Some(due) = ticks.due() {
                tokio::time::sleep_until(due.into()).await;
                ticks.came();
            }
            ticks.figures()
        });
        let figures = ticker.await.unwrap();
        stop.store(true, Ordering::Relaxed);
        figures
    })
}

fn may(setup: &Setup) -> Figures {
    let mut ticks = Ticks::new(setup);
    peers::may::run(setup, move |_| {
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..HOGS {
            let stop = Arc::clone(&stop);
            go!(move || while !stop.load(Ordering::Relaxed) {
                compute();
                may::coroutine::yield_now();
            });
        }
        let ticker = go!(move || {
            while let Some(due) = ticks.due() {
                may::coroutine::sleep(due.saturating_duration_since(Instant::now()));
                ticks.came();
            }
            ticks.figures()
        });
        let figures = ticker.join().unwrap();
        stop.store(true, Ordering::Relaxed);
        figures
    })
}

fn smol(setup: &Setup) -> Figures {
    let mut ticks = Ticks::new(setup);
    peers::smol::run(setup, async move {
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..HOGS {
            let stop = Arc::clone(&stop);
            let hog = peers::smol::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    compute();
                    smol::future::yield_now().await;
                }
            });
            hog.detach();
        }
        let ticker = peers::smol::spawn(async move {
            while let Some(due) = ticks.due() {
                smol::Timer::at(due).await;
                ticks.came();
            }
            ticks.figures()
        });
        let figures = ticker.await;
        stop.store(true, Ordering::Relaxed);
        figures
    })
}

fn threads(setup: &Setup) -> Figures {
    let stop = Arc::new(AtomicBool::new(false));
    for _ in 0..HOGS {
        let stop = Arc::clone(&stop);
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                compute();
                thread::yield_now();
            }
        });
    }
    let mut ticks = Ticks::new(setup);
    while let Some(due) = ticks.due() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        ticks.came();
    }
    stop.store(true, Ordering::Relaxed);
    ticks.figures()
}
