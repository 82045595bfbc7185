//! Three calls that take 1 s, 2 s and 1 s end after 2 s: asyncio's `gather`, Go's `WaitGroup`, Kotlin's `awaitAll`.
//!
//! Look at: `join!` gives the results as a tuple, each of its own type; the calls borrow from the frame around.
//!
//! ```text
//! $ cargo run --release --example gather
//! weather: sunny
//! news: 3 lines
//! mail: true
//! all in 2 s
//! ```

use sisal::{join, time};
use std::time::Duration;

/// A service that takes its time.
fn ask<T>(seconds: u64, answer: T) -> T {
    time::sleep(Duration::from_secs(seconds));
    answer
}

#[sisal::main]
fn main() {
    let town = String::from("sunny");
    let start = time::now();
    let (weather, news, mail) = join!(ask(1, town.as_str()), ask(2, vec!["a", "b", "c"]), ask(1, true));
    let elapsed = start.elapsed();
    println!("weather: {weather}\nnews: {} lines\nmail: {mail}\nall in {} s", news.len(), elapsed.as_secs());
    assert!(elapsed >= Duration::from_secs(2) && elapsed < Duration::from_secs(3), "{elapsed:?}");
}
