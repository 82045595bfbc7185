//! A slow consumer holds a fast producer back.
//!
//! Look at: the producer never waits by itself. The bounded channel lets it be five messages ahead, however many there are; an
//! unbounded one would have let it fill the memory.
//!
//! ```text
//! $ cargo run --release --example backpressure
//! consumed 200
//! the producer was at most 6 ahead
//! ```

use sisal::{channel, go, time};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[sisal::main]
fn main() {
    let made = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = channel::bounded(5);
    let producer = {
        let made = Arc::clone(&made);
        go! {
            for n in 0..200 {
                sender.send(n).unwrap();
                made.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let (mut consumed, mut ahead_max) = (0, 0);
    for _ in receiver {
        consumed += 1;
        ahead_max = ahead_max.max(made.load(Ordering::Relaxed).saturating_sub(consumed));
        time::sleep(Duration::from_micros(200));
    }
    producer.join().unwrap();
    println!("consumed {consumed}");
    // Five in the channel, and one that was handed over while the consumer waited.
    assert!(ahead_max <= 6, "{ahead_max}");
    println!("the producer was at most 6 ahead");
}
