//! Values sent into a coroutine; the running total comes out. Python's `send`, Lua's `resume` with arguments.
//!
//! Look at: `yield_` gives a value out and returns what the next `resume` brings in.
//!
//! ```text
//! $ cargo run --release --example accumulator
//! + 10 = 10
//! + 20 = 30
//! + 15 = 45
//! ```

use sisal::coroutine::{Coroutine, CoroutineState, Yielder};

fn main() {
    let accumulator = Coroutine::new(|yielder: &Yielder<i32, i32>, first: i32| -> () {
        let mut total = first;
        loop {
            total += yielder.yield_(total);
        }
    });
    let mut totals = Vec::new();
    for n in [10, 20, 15] {
        if let CoroutineState::Yielded(total) = accumulator.resume(n) {
            println!("+ {n} = {total}");
            totals.push(total);
        }
    }
    assert_eq!(totals, [10, 30, 45]);
    // Dropped while it is suspended: its stack is unwound.
}
