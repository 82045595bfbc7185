//! Results, panics and borrows: what comes back from a fiber, and what a scope lets it borrow.
//!
//! Look at: `join` gives a value or a panic's payload, as a thread's does; the children of a `scope` write straight into
//! their parent's array, because the scope does not return before they have ended. A million fibers cost a closure each
//! until they run.
//!
//! ```text
//! $ cargo run --release --example 02_join
//! 6 * 7 = 42
//! the fiber panicked: no such thing
//! squares: [0, 1, 4, 9, 16, 25, 36, 49]
//! 1000000 fibers counted 1000000
//! ```

use sisal::{fiber, go};
use std::sync::atomic::{AtomicU32, Ordering};

#[sisal::main]
fn main() {
    let answer = go!(|| 6 * 7);
    println!("6 * 7 = {}", answer.join().unwrap());

    std::panic::set_hook(Box::new(|_| {}));
    let failed: fiber::Result<()> = go! { panic!("no such thing") }.join();
    println!("the fiber panicked: {}", failed.unwrap_err().downcast_ref::<&str>().unwrap());
    let _ = std::panic::take_hook();

    let mut squares = [0; 8];
    fiber::scope(|s| {
        for (n, square) in squares.iter_mut().enumerate() {
            s.spawn(move || *square = n * n);
        }
    });
    println!("squares: {squares:?}");
    assert_eq!(squares[7], 49);

    let count = AtomicU32::new(0);
    fiber::scope(|s| {
        for _ in 0..1_000_000 {
            s.spawn(|| count.fetch_add(1, Ordering::Relaxed));
        }
    });
    println!("1000000 fibers counted {}", count.load(Ordering::Relaxed));
}
