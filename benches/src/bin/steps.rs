//! What does each step in the life of a million waiting fibers cost: spawn, start, wake, end, in fresh memory and in used?
//!
//! One worker, so that each step can be told from the others. `cargo run --release -p benches --bin steps [FIBERS] [ROUNDS]`;
//! the first round is the one in fresh memory.

use sisal::channel::{Receiver, bounded};
use sisal::runtime::Runtime;
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

fn main() {
    let mut numbers = env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let fibers = numbers.next().unwrap_or(1_000_000);
    let rounds = numbers.next().unwrap_or(4);
    let runtime = Runtime::builder().workers(1).build().expect("sisal starts");
    println!("ns a fiber      spawn  start  wake  end");
    for number in 0..rounds {
        let [spawn, start, wake, end] = runtime.run(|| round(fibers));
        let memory = if number == 0 { "fresh memory" } else { "used memory " };
        println!("{memory}    {spawn:5} {start:6} {wake:5} {end:4}");
    }
    // Its worker lives on until the process ends.
    runtime.leak();
}

/// What the fibers share.
struct Crowd {
    started: AtomicUsize,
    ended: AtomicUsize,
    gate: Receiver<()>,
}

/// Nanoseconds that each step takes a fiber.
fn round(fibers: usize) -> [usize; 4] {
    let (open, gate) = bounded(1);
    let crowd = Arc::new(Crowd { started: AtomicUsize::new(0), ended: AtomicUsize::new(0), gate });
    let wait_for = |count: &AtomicUsize| {
        while count.load(Ordering::Acquire) < fibers {
            sisal::yield_now();
        }
    };
    let mut since = Instant::now();
    let mut each_since = || {
        let before = std::mem::replace(&mut since, Instant::now());
        before.elapsed().as_nanos() as usize / fibers
    };
    for _ in 0..fibers {
        let crowd = Arc::clone(&crowd);
        sisal::spawn(move || {
            crowd.started.fetch_add(1, Ordering::Relaxed);
            assert!(crowd.gate.recv().is_err());
            crowd.ended.fetch_add(1, Ordering::Release);
        });
    }
    let spawn = each_since();
    wait_for(&crowd.started);
    let start = each_since();
    drop(open);
    let wake = each_since();
    wait_for(&crowd.ended);
    [spawn, start, wake, each_since()]
}
