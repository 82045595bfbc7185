//! A producer that makes only what its consumer takes.
//!
//! Look at: the squares are an infinite loop, yet ten are made, since ten are taken.
//!
//! ```text
//! $ cargo run --release --example lazy
//! taken: [1, 4, 9, 16, 25, 36, 49, 64, 81, 100]
//! made: 10
//! ```

use sisal::coroutine;
use std::cell::Cell;
use std::rc::Rc;

fn main() {
    let made = Rc::new(Cell::new(0_u64));
    let count = Rc::clone(&made);
    let squares = coroutine::iter(move |yielder| {
        for n in 1_u64.. {
            count.set(n);
            yielder.yield_(n * n);
        }
    });
    let taken: Vec<u64> = squares.take(10).collect();
    println!("taken: {taken:?}\nmade: {}", made.get());
    assert_eq!(made.get(), taken.len() as u64);
}
