//! A hundred hashes on one worker and on all of them: the same digests, in less time.
//!
//! Look at: the fibers are started where a worker is free, by theft; what they compute does not depend on where. (How much faster it
//! is depends on the machine, so it goes to stderr.)
//!
//! ```text
//! $ cargo run --release --example hashes
//! 100 digests, all workers agree
//! the first is 33291c75e5dbbaa5
//! ```

use sisal::fiber;
use sisal::runtime::Runtime;
use std::io;
use std::time::{Duration, Instant};

/// FNV-1a (Fowler, Noll, Vo), 64 bits, over a long row of numbers.
fn digest(seed: u64) -> u64 {
    (seed..seed + 20_000)
        .flat_map(u64::to_le_bytes)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn digests(workers: usize) -> io::Result<(Vec<u64>, Duration)> {
    let runtime = Runtime::builder().workers(workers).build()?;
    let start = Instant::now();
    let digests = runtime.run(|| fiber::join_all((0..100).map(|seed| move || digest(seed))));
    Ok((digests, start.elapsed()))
}

fn main() -> io::Result<()> {
    let workers = std::thread::available_parallelism()?.get();
    let (alone, alone_took) = digests(1)?;
    let (together, together_took) = digests(workers)?;
    assert_eq!(alone, together);
    println!("{} digests, all workers agree\nthe first is {:x}", alone.len(), alone[0]);
    eprintln!("1 worker {alone_took:?}, {workers} workers {together_took:?}");
    Ok(())
}
