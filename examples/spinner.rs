//! A fiber that computes without giving way, and the monitor that says so.
//!
//! Look at: the message on stderr names the fiber, where it was spawned, and the function that it is in. The fiber behind it on the
//! same worker waits, which is why one calls `checkpoint` in long loops, or `blocking` around them.
//!
//! ```text
//! $ cargo run --release --example spinner
//! the spinner took its 150 ms
//! the one that checks gave way
//! ```
//!
//! and on stderr:
//!
//! ```text
//! sisal: fiber 'spinner' (spawned at examples/spinner.rs:36:47) has run for 101 ms on worker 0 without giving way; others that live there: 1
//! sisal: fiber 'spinner' was in spinner::busy at examples/spinner.rs:26
//! ```

use sisal::fiber;
use sisal::runtime::Runtime;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn busy(time: Duration, between: impl Fn()) {
    let start = Instant::now();
    while start.elapsed() < time {
        between();
    }
}

fn main() -> io::Result<()> {
    let builder = Runtime::builder().workers(1).hog_threshold(Duration::from_millis(100));
    builder.build()?.run(|| {
        let spinner = || busy(Duration::from_millis(150), std::hint::spin_loop);
        fiber::Builder::new().name("spinner".into()).spawn(spinner)?.join().unwrap();
        println!("the spinner took its 150 ms");

        let other_ran = AtomicBool::new(false);
        let seen = fiber::scope(|s| {
            s.spawn(|| other_ran.store(true, Ordering::Relaxed));
            busy(Duration::from_millis(150), fiber::checkpoint);
            other_ran.load(Ordering::Relaxed)
        });
        assert!(seen);
        println!("the one that checks gave way");
        Ok(())
    })
}
