//! What follows from sisal's policies on more workers than there are here: simulated, and where there are enough, measured.
//!
//! ```text
//! cargo run --release -p benches --bin scale
//! ```

use benches::clock::median;
use benches::scale::fan_out::{self, Question};
use benches::scale::{Draws, homes};
use sisal::runtime::Runtime;
use sisal::{channel, fiber};

const WORKERS: &[usize] = &[1, 2, 4, 8, 16, 32, 64];
const SEEDS: u64 = 9;

fn main() {
    fan_out();
    imbalance();
    latency();
}

/// `(fibers, nanoseconds of work each)`.
const FAN_OUTS: &[(usize, u64)] = &[
    (10_000, 1_000),
    (10_000, 10_000),
    (10_000, 100_000),
    (10_000_000, 100),
    (10_000_000, 1_000),
    (10_000_000, 10_000),
];

fn fan_out() {
    println!("| one fiber spawns, all compute: times as fast as one worker | {} |", line(WORKERS));
    println!("|---|{}", "---|".repeat(WORKERS.len()));
    for &(fibers, work) in FAN_OUTS {
        let cells = WORKERS.iter().map(|&workers| {
            let question = Question { workers, fibers, work };
            let answer = fan_out::simulate(question, 1);
            let busy = if answer.all_busy > 0 {
                format!(" ({} µs)", answer.all_busy / 1000)
            } else {
                String::new()
            };
            format!("{:.1}{busy}", answer.speedup(&question))
        });
        let cells: Vec<String> = cells.collect();
        println!("| {fibers} fibers of {} µs | {} |", work as f64 / 1e3, cells.join(" | "));
    }
    println!("\nIn parentheses: when the last worker got its first work, if all did.\n");
}

fn imbalance() {
    println!("| the busiest worker beside the mean | {} |", line(&WORKERS[1..]));
    println!("|---|{}", "---|".repeat(WORKERS.len() - 1));
    for (connections, exponent) in
        [(1_000, 0.8), (1_000, 1.0), (100_000, 0.8), (100_000, 1.0), (10_000_000, 1.0)]
    {
        let loads = homes::zipf(connections, exponent);
        // A shuffle of ten million takes a second.
        let seeds = if connections > 1_000_000 { 1 } else { SEEDS };
        let cells = WORKERS[1..].iter().map(|&workers| {
            let drawn = (0..seeds).map(|seed| homes::imbalance(&loads, workers, &mut Draws::new(seed)));
            let (mut home, mut anywhere): (Vec<f64>, Vec<f64>) = drawn.map(|i| (i.home, i.anywhere)).unzip();
            format!("{:.2} ({:.2})", median(&mut home), median(&mut anywhere))
        });
        let cells: Vec<String> = cells.collect();
        println!("| {connections} connections, Zipf {exponent}, simulated | {} |", cells.join(" | "));
    }
    for exponent in [0.8, 1.0] {
        let mut measured: Vec<f64> = (0..SEEDS).map(|seed| measure(1_000, exponent, 2, seed)).collect();
        let middle = median(&mut measured);
        println!(
            "| 1000 connections, Zipf {exponent}, measured | {middle:.2}, {:.2} to {:.2} |{}",
            measured[0],
            measured[measured.len() - 1],
            " |".repeat(WORKERS.len() - 2)
        );
    }
    println!("\nIn parentheses: the best that any scheduler could do.\n");
}

/// Fibers that wait for requests, as a server's connections do, spawned one after the other as an accept loop does: where do
/// they live, and what is the busiest worker's share of all requests?
fn measure(connections: usize, exponent: f64, workers: usize, seed: u64) -> f64 {
    let runtime = Runtime::builder().workers(workers).build().expect("sisal starts");
    let mut loads = homes::zipf(connections, exponent);
    let mut draws = Draws::new(seed);
    for index in (1..connections).rev() {
        loads.swap(index, draws.below(index + 1));
    }
    let shares = runtime.run(move || {
        let mut shares = vec![0.0; workers];
        let (started, starts) = channel::unbounded();
        let fibers: Vec<_> = loads
            .into_iter()
            .map(|load| {
                let started = started.clone();
                let (_open, requests) = channel::bounded::<()>(1);
                let fiber = fiber::spawn(move || {
                    started
                        .send((fiber::current().home().expect("it has started"), load))
                        .expect("it is waited for");
                    _ = requests.recv();
                });
                (fiber, _open)
            })
            .collect();
        for (home, load) in starts.iter().take(fibers.len()) {
            shares[home] += load;
        }
        for (fiber, open) in fibers {
            drop(open);
            fiber.join().expect("it ends");
        }
        shares
    });
    shares.iter().copied().fold(0.0, f64::max) * workers as f64
}

fn latency() {
    println!("| p99, µs: at home / wherever there is room | {} |", line(&WORKERS[1..]));
    println!("|---|{}", "---|".repeat(WORKERS.len() - 1));
    for (exponent, share) in [(0.0, 0.5), (0.0, 0.8), (0.8, 0.5), (0.8, 0.8)] {
        let loads = homes::zipf(10_000, exponent);
        let cells = WORKERS[1..].iter().map(|&workers| {
            let (home, anywhere) = homes::latency(&loads, workers, share, 6_000, &mut Draws::new(1));
            format!("{:.0} / {:.0}", home as f64 / 1e3, anywhere as f64 / 1e3)
        });
        let cells: Vec<String> = cells.collect();
        println!(
            "| 10000 connections, Zipf {exponent}, {:.0} % busy, 6 µs a request | {} |",
            share * 100.0,
            cells.join(" | ")
        );
    }
}

fn line(workers: &[usize]) -> String {
    let workers: Vec<String> = workers.iter().map(|workers| format!("{workers} workers")).collect();
    workers.join(" | ").replace("1 workers", "1 worker")
}
