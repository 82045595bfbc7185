//! JavaScript's `Promise.all` and `Promise.allSettled`.
//!
//! Look at: `join_all` keeps the order of its closures, whoever ends first; a panic is one result among others where the handles
//! are joined by hand.
//!
//! ```text
//! $ cargo run --release --example promise_all
//! all: [30, 10, 20]
//! settled: 1 fulfilled
//! settled: rejected, no such page
//! settled: 3 fulfilled
//! ```

use sisal::{fiber, go, time};
use std::time::Duration;

#[sisal::main]
fn main() {
    let all = fiber::join_all([30, 10, 20].map(|ms| {
        move || {
            time::sleep(Duration::from_millis(ms));
            ms
        }
    }));
    println!("all: {all:?}");
    assert_eq!(all, [30, 10, 20]);

    std::panic::set_hook(Box::new(|_| {}));
    let pages: Vec<_> = (1..=3)
        .map(|page| {
            go! {
                assert!(page != 2, "no such page");
                page
            }
        })
        .collect();
    for page in pages {
        match page.join() {
            Ok(page) => println!("settled: {page} fulfilled"),
            Err(payload) => println!("settled: rejected, {}", payload.downcast_ref::<&str>().unwrap()),
        }
    }
}
