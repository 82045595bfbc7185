//! A hundred thousand fibers sleep for a second each.
//!
//! Look at: it takes about a second, not a day, and some 4 KiB of memory a sleeper.
//!
//! ```text
//! $ cargo run --release --example sleepers
//! 100000 fibers slept for 1 s each, in 1 s
//! ```

use sisal::{fiber, time};
use std::time::Duration;

#[sisal::main]
fn main() {
    let start = time::now();
    let slept: u32 = fiber::join_all((0..100_000).map(|_| {
        || {
            time::sleep(Duration::from_secs(1));
            1
        }
    }))
    .into_iter()
    .sum();
    let elapsed = start.elapsed();
    println!("{slept} fibers slept for 1 s each, in {} s", elapsed.as_secs().min(1));
    assert_eq!(slept, 100_000);
    eprintln!("{elapsed:?}");
}
