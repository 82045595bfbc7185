//! Ten times more requests than can be answered: a gate keeps what is answered in time near its best.
//!
//! Look at: requests come at a fixed rate, whether or not anybody is done with the last ones, from a thread of its own. A
//! [`Limit`] holds as many places as can be worked off within the deadline; whoever finds none is refused on the spot,
//! which costs next to nothing. Without the gate the same load piles up as fibers, most of which are never answered, or when
//! nobody waits for it any more.
//!
//! The table has a row for each load. `in time` is the goodput, and the last line says how much of the best row's is left at
//! 10x; it wants a machine that does nothing else. The generator has a processor to itself, and each worker another (by
//! `taskset`), so that neither takes from the other what is to be measured.
//!
//! ```text
//! $ cargo run --release --example overload
//! 1 worker(s), 200µs of work a request, answers count within 50ms; the generator alone on processor 0
//!  gate   load     offered     in time      late     refused   p99 ms   waiting at most
//! …
//! ```

use sisal::fiber::{Limit, Place};
use sisal::runtime::{Handle, Runtime};
use std::num::NonZeroUsize;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, hint, io, thread};

const WORK: Duration = Duration::from_micros(200);
const DEADLINE: Duration = Duration::from_millis(50);
/// How long each load lasts: long beside the requests that are under way at its end, which count as late.
const ROW: Duration = Duration::from_secs(1);
/// Places a worker: 20 ms of work, well within the deadline, and enough to be busy between two bursts of requests.
const PLACES: usize = 100;

/// What became of the requests of one row.
#[derive(Default)]
struct Tally {
    refused: AtomicU64,
    answered: AtomicU64,
    /// From when a request should have come to its answer, in microseconds.
    waits: Mutex<Vec<u64>>,
}

struct Row {
    offered: u64,
    in_time: u64,
    late: u64,
    refused: u64,
    p99: Duration,
    waiting_max: u64,
}

/// Leaves the calling thread on one processor, and those that it starts from now on; whether that could be done.
fn pin(processor: usize) -> bool {
    let pin = || {
        let thread = fs::read_link("/proc/thread-self").ok()?;
        let number = thread.file_name()?;
        let mut command = Command::new("taskset");
        command.args(["-cp", &processor.to_string()]).arg(number).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().ok().filter(ExitStatus::success)
    };
    pin().is_some()
}

/// Keeps a processor busy. The steps are counted, for a clock would also count what others do with the processor.
fn work(steps: u64) {
    for step in 0..steps {
        hint::black_box(step);
    }
}

/// Steps of so much work, on this machine. The shortest of many tries is the least disturbed one.
fn calibrate() -> u64 {
    const STEPS: u64 = 100_000;
    let tries = (0..50).map(|_| {
        let start = Instant::now();
        work(STEPS);
        start.elapsed()
    });
    let shortest = tries.min().unwrap_or(WORK).max(Duration::from_nanos(1));
    (STEPS as f64 * WORK.as_secs_f64() / shortest.as_secs_f64()) as u64
}

/// One request: refused, or answered by a fiber.
fn offer(handle: &Handle, gate: Option<&Limit>, steps: u64, arrival: Instant, tally: &Arc<Tally>) {
    // The place is taken here, before there is a fiber, and given back at the fiber's end.
    let place: Option<Place> = match gate.map(Limit::try_take) {
        Some(None) => {
            tally.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        Some(Some(place)) => Some(place),
        None => None,
    };
    let tally = tally.clone();
    handle.spawn(move || {
        let _place = place;
        work(steps);
        tally.waits.lock().unwrap().push(arrival.elapsed().as_micros() as u64);
        tally.answered.fetch_add(1, Ordering::Relaxed);
    });
}

/// Offers `rate` requests a second.
fn run(workers: usize, rate: f64, is_gated: bool, steps: u64) -> io::Result<Row> {
    // What builds the runtime is the generator, on processor 0.
    let on_start = |index| {
        let _ = pin(index + 1);
    };
    let runtime = Runtime::builder().workers(workers).on_thread_start(on_start).build()?;
    let gate = is_gated.then(|| Limit::new(workers * PLACES));
    let tally = Arc::new(Tally::default());
    let (mut offered, mut waiting_max) = (0, 0);
    let start = Instant::now();
    while start.elapsed() < ROW {
        let due = (start.elapsed().as_secs_f64() * rate) as u64;
        while offered < due {
            // Late or not, it came when it should have come.
            let arrival = start + Duration::from_secs_f64(offered as f64 / rate);
            offer(runtime.handle(), gate.as_ref(), steps, arrival, &tally);
            offered += 1;
        }
        let settled = tally.refused.load(Ordering::Relaxed) + tally.answered.load(Ordering::Relaxed);
        waiting_max = waiting_max.max(offered - settled);
        thread::yield_now();
    }
    // Answers are counted up to here; whoever still waits has been kept waiting.
    let mut waits = std::mem::take(&mut *tally.waits.lock().unwrap());
    // What has not been begun is dropped.
    runtime.shutdown_timeout(Duration::from_secs(60)).map_err(io::Error::other)?;
    waits.sort_unstable();
    let in_time = waits.partition_point(|wait| *wait <= DEADLINE.as_micros() as u64) as u64;
    let p99 = waits.get(waits.len() * 99 / 100).copied().unwrap_or(0);
    let refused = tally.refused.load(Ordering::Relaxed);
    let late = offered - in_time - refused;
    Ok(Row { offered, in_time, late, refused, p99: Duration::from_micros(p99), waiting_max })
}

fn main() -> io::Result<()> {
    // One processor is for whoever makes the requests.
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let workers = processors.saturating_sub(1).max(1);
    let is_alone = processors > 1 && pin(0);
    let steps = calibrate();
    let capacity = workers as f64 / WORK.as_secs_f64();
    let place = if is_alone { "alone on processor 0" } else { "wherever the system puts it" };
    println!(
        "{workers} worker(s), {WORK:?} of work a request, answers count within {DEADLINE:?}; the generator {place}"
    );
    println!(" gate   load     offered     in time      late     refused   p99 ms   waiting at most");
    let (mut best, mut last) = (0, 0);
    for (is_gated, load) in [
        (true, 0.5),
        (true, 0.8),
        (true, 1.0),
        (true, 2.0),
        (true, 5.0),
        (true, 10.0),
        (false, 0.5),
        (false, 10.0),
    ] {
        let row = run(workers, capacity * load, is_gated, steps)?;
        println!(
            "{:>5} {load:>5}x {:>11} {:>11} {:>9} {:>11} {:>8.1} {:>16}",
            if is_gated { "yes" } else { "no" },
            row.offered,
            row.in_time,
            row.late,
            row.refused,
            row.p99.as_secs_f64() * 1_000.0,
            row.waiting_max,
        );
        if is_gated {
            (best, last) = (best.max(row.in_time), row.in_time);
        }
    }
    println!("with the gate, {} % of the best is left at 10x", last * 100 / best.max(1));
    Ok(())
}
