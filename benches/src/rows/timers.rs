//! How late do sleepers wake, and what CPU time does it take? Each task sleeps ten times, 1 to 100 ms.
//!
//! A wake-up has its price, so each runtime's timers trade one for the other: tokio's are a millisecond wide, smol's fire one by one. One row
//! gives sisal's a millisecond as well.

use super::prelude::*;
use crate::clock::percentile;
use crate::memory;
use sisal::runtime::{Builder, Runtime};
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

const SLEEPS: usize = 10;
const TAIL: &str = "the 99th percentile counts";
const PRECISE: &str = "it counts in the row without slack";
const PRICE: &str = "it is the price of less lateness than tokio's: a wake-up takes some 20 µs, whoever sleeps; it counts in the row with tokio's slack";
/// As wide as tokio's timers are.
const TOKIOS_SLACK: Duration = Duration::from_millis(1);

/// Who takes part; with sisal as `sisal` runs it.
const fn peers(sisal: Body) -> [(Peer, Body); 5] {
    [
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
    ]
}

const fn row(
    name: &'static str,
    title: &'static str,
    figures: &'static [Figure],
    tasks: &'static [usize],
) -> Row {
    Row::new(name, title, figures).family("timers", tasks).peers(const { &peers(sisal) })
}

const P50: Figure = Figure::new("late_p50_us", "µs").aside(TAIL);
const P99: Figure = Figure::new("late_p99_us", "µs");
const MAX: Figure = Figure::new("late_max_us", "µs").aside(TAIL);
const CPU: Figure = Figure::new("cpu_ms", "ms");

pub(super) const SLEEPERS: Row = row(
    "timers-20000",
    "20,000 sleepers",
    &[P50, P99.target(200.0), MAX, CPU.target(174.0).aside(PRICE)],
    &[20_000],
);
pub(super) const MANY: Row = row("timers-100000", "100,000 sleepers", &[P50, P99, MAX, CPU], &[100_000]);
pub(super) const SLACK: Row =
    row("timers-slack", "20,000 sleepers, 1 ms of slack", &[P50, P99.aside(PRECISE), MAX, CPU], &[20_000])
        .peers(const { &peers(sisal_with_slack) });

/// How late each sleep ended, in microseconds.
struct Lateness(Vec<AtomicU32>);

impl Lateness {
    fn new(setup: &Setup) -> Arc<Self> {
        let sleeps = setup.ops(setup.param()) * SLEEPS;
        Arc::new(Self((0..sleeps).map(|_| AtomicU32::new(0)).collect()))
    }

    fn tasks(&self) -> usize {
        self.0.len() / SLEEPS
    }

    fn record(&self, task: usize, sleep: usize, late: Duration) {
        let us = u32::try_from(late.as_micros()).unwrap_or(u32::MAX);
        self.0[task * SLEEPS + sleep].store(us, Ordering::Relaxed);
    }

    fn figures(&self, cpu_before: f64) -> Figures {
        let cpu = memory::cpu_seconds("self") - cpu_before;
        let mut late: Vec<f64> = self.0.iter().map(|us| f64::from(us.load(Ordering::Relaxed))).collect();
        vec![
            ("late_p50_us", percentile(&mut late, 0.5)),
            ("late_p99_us", percentile(&mut late, 0.99)),
            ("late_max_us", percentile(&mut late, 1.0)),
            ("cpu_ms", cpu * 1e3),
        ]
    }
}

/// What a task sleeps: different for each sleep of each task, and the same for each peer.
fn duration(task: usize, sleep: usize) -> Duration {
    let mixed = (task * SLEEPS + sleep).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
    Duration::from_millis(1 + (mixed % 100) as u64)
}

fn sisal(setup: &Setup) -> Figures {
    sleep_on(Runtime::builder(), setup)
}

fn sisal_with_slack(setup: &Setup) -> Figures {
    sleep_on(Runtime::builder().timer_slack(TOKIOS_SLACK), setup)
}

fn sleep_on(builder: Builder, setup: &Setup) -> Figures {
    peers::sisal::run_with(builder, setup, |setup| {
        let (late, cpu) = (Lateness::new(setup), memory::cpu_seconds("self"));
        let sleeper = |task| {
            let late = Arc::clone(&late);
            sisal::spawn(move || {
                for sleep in 0..SLEEPS {
                    let (began, wanted) = (Instant::now(), duration(task, sleep));
                    sisal::sleep(wanted);
                    late.record(task, sleep, began.elapsed().checked_sub(wanted).expect("not early"));
                }
            })
        };
        let sleepers: Vec<_> = (0..late.tasks()).map(sleeper).collect();
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
        late.figures(cpu)
    })
}

fn tokio(setup: &Setup) -> Figures {
    let late = Lateness::new(setup);
    peers::tokio::run(setup, async move {
        let cpu = memory::cpu_seconds("self");
        let sleeper = |task| {
            let late = Arc::clone(&late);
            tokio::spawn(async move {
                for sleep in 0..SLEEPS {
                    let (began, wanted) = (Instant::now(), duration(task, sleep));
                    tokio::time::sleep(wanted).await;
                    late.record(task, sleep, began.elapsed().checked_sub(wanted).expect("not early"));
                }
            })
        };
        let sleepers: Vec<_> = (0..late.tasks()).map(sleeper).collect();
        for sleeper in sleepers {
            sleeper.await.unwrap();
        }
        late.figures(cpu)
    })
}

fn may(setup: &Setup) -> Figures {
    peers::may::run(setup, |setup| {
        let (late, cpu) = (Lateness::new(setup), memory::cpu_seconds("self"));
        let mut sleepers = Vec::new();
        for task in 0..late.tasks() {
            let late = Arc::clone(&late);
            sleepers.push(go!(move || for sleep in 0..SLEEPS {
                let (began, wanted) = (Instant::now(), duration(task, sleep));
                may::coroutine::sleep(wanted);
                // may's may end early.
                late.record(task, sleep, began.elapsed().saturating_sub(wanted));
            }));
        }
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
        late.figures(cpu)
    })
}

fn smol(setup: &Setup) -> Figures {
    let late = Lateness::new(setup);
    peers::smol::run(setup, async move {
        let cpu = memory::cpu_seconds("self");
        let sleeper = |task| {
            let late = Arc::clone(&late);
            peers::smol::spawn(async move {
                for sleep in 0..SLEEPS {
                    let (began, wanted) = (Instant::now(), duration(task, sleep));
                    smol::Timer::after(wanted).await;
                    late.record(task, sleep, began.elapsed().checked_sub(wanted).expect("not early"));
                }
            })
        };
        let sleepers: Vec<_> = (0..late.tasks()).map(sleeper).collect();
        for sleeper in sleepers {
            sleeper.await;
        }
        late.figures(cpu)
    })
}
