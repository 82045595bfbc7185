//! Kotlin's `coroutineScope`, `launch`, `async` and `awaitAll`.
//!
//! Look at: a scope is `coroutineScope`, a spawned fiber that nobody joins is `launch`, one that is joined is `async`. The
//! scope does not return before its children have ended, so they may borrow `names`.
//!
//! ```text
//! $ cargo run --release --example greet_scope
//! hello from the scope
//! hello, Ada
//! hello, Grace
//! hello, Emmy
//! letters in all: 12
//! ```

use sisal::{fiber, time};
use std::time::Duration;

#[sisal::main]
fn main() {
    let names = ["Ada", "Grace", "Emmy"];
    let letters: usize = fiber::scope(|s| {
        // launch { .. }
        for (n, name) in names.iter().enumerate() {
            s.spawn(move || {
                time::sleep(Duration::from_millis(100 * (n as u64 + 1)));
                println!("hello, {name}");
            });
        }
        println!("hello from the scope");
        // async { .. }, then awaitAll()
        let lengths: Vec<_> = names.iter().map(|name| s.spawn(|| name.len())).collect();
        lengths.into_iter().map(|length| length.join().unwrap()).sum()
    });
    println!("letters in all: {letters}");
    assert_eq!(letters, 12);
}
