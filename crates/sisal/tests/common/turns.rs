//! For how many others somebody waits.

use sisal::sync::Mutex;
use sisal::{fiber, go};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How many turns of eight fibers that compute begin between a deadline and the return of who slept until then, on one worker: few, not
/// all eight. Counted, since time says nothing on a loaded machine; the median, since a sleeper may be alone in seeing its
/// deadline pass just after a look.
pub(crate) fn turns_before_a_sleeper() -> usize {
    const PERIOD: Duration = Duration::from_millis(1);
    let (stop, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    for _ in 0..8 {
        let (stop, begun) = (Arc::clone(&stop), Arc::clone(&begun));
        go! {
            while !stop.load(Relaxed) {
                let start = Instant::now();
                begun.lock().push(start);
                while start.elapsed() < PERIOD {
                    std::hint::spin_loop();
                }
                fiber::yield_now();
            }
        };
    }
    let mut passed_by: Vec<usize> = (0..31)
        .map(|_| {
            let deadline = Instant::now() + 2 * PERIOD;
            sisal::time::sleep_until(deadline);
            begun.lock().iter().filter(|&&turn| turn > deadline).count()
        })
        .collect();
    stop.store(true, Relaxed);
    passed_by.sort_unstable();
    passed_by[15]
}
