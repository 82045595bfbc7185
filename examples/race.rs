//! The first answer wins and the others are cancelled: `Promise.race`, Go's `select` over replies, happy eyeballs.
//!
//! Look at: the losers sleep for a minute, but a cancel ends a sleep, so `race` returns at once; none of them runs on behind
//! the caller's back.
//!
//! ```text
//! $ cargo run --release --example race
//! the winner is replica 2
//! cancelled: 3 of 4
//! ```

use sisal::{fiber, time};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[sisal::main]
fn main() {
    let cancelled = AtomicUsize::new(0);
    let start = time::now();
    let winner = fiber::race((0..4).map(|replica| {
        let cancelled = &cancelled;
        move || {
            time::sleep(if replica == 2 { Duration::from_millis(5) } else { Duration::from_secs(60) });
            if fiber::is_cancelled() {
                cancelled.fetch_add(1, Ordering::Relaxed);
            }
            replica
        }
    }));
    println!("the winner is replica {}", winner.unwrap());
    println!("cancelled: {} of 4", cancelled.load(Ordering::Relaxed));
    assert_eq!((winner, cancelled.into_inner()), (Some(2), 3));
    assert!(start.elapsed() < Duration::from_secs(30));
}
