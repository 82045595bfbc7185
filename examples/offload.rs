//! Work that blocks or computes for long, off the workers: asyncio's `to_thread`, tokio's `spawn_blocking`.
//!
//! Look at: while `blocking` reads and sorts, the other fiber goes on ticking on the same worker; the closure borrows the caller's
//! list, since the caller waits.
//!
//! ```text
//! $ cargo run --release --example offload
//! sorted 1000000 numbers
//! the ticks went on
//! ```

use sisal::runtime::Runtime;
use sisal::sync::Notify;
use sisal::{blocking, fiber, time};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn main() -> io::Result<()> {
    // One worker, which a sort on it would stop.
    Runtime::builder().workers(1).build()?.run(|| {
        let mut numbers: Vec<u64> =
            (0..1_000_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20).collect();
        let (ticks, ticked) = (AtomicUsize::new(0), Notify::new());
        fiber::scope(|s| {
            s.spawn(|| {
                for _ in 0..5 {
                    time::sleep(Duration::from_millis(1));
                    ticks.fetch_add(1, Ordering::Relaxed);
                }
                ticked.notify_one();
            });
            blocking(|| {
                // Stands for a call that takes as long as it takes: it ends after the ticks, on a thread of its own.
                while ticks.load(Ordering::Relaxed) < 5 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                numbers.sort_unstable();
            });
            ticked.wait();
        });
        assert!(numbers.is_sorted());
        println!("sorted {} numbers", numbers.len());
        assert_eq!(ticks.load(Ordering::Relaxed), 5);
        println!("the ticks went on");
    });
    Ok(())
}
