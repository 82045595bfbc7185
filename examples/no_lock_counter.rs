//! A counter without a lock: fibers of one worker share a `Cell`.
//!
//! Look at: fibers made with `spawn_local` stay on their worker, so an `Rc` between them is sound, and what lies between two waits
//! is atomic among them, as in asyncio or JavaScript. With several workers, `Send` would ask for a lock.
//!
//! ```text
//! $ cargo run --release --example no_lock_counter
//! 100 fibers counted to 100000
//! ```

use sisal::fiber;
use std::cell::Cell;
use std::rc::Rc;

#[sisal::main]
fn main() {
    let counter = Rc::new(Cell::new(0));
    let fibers: Vec<_> = (0..100)
        .map(|_| {
            let counter = Rc::clone(&counter);
            fiber::spawn_local(move || {
                for _ in 0..1_000 {
                    counter.set(counter.get() + 1);
                    fiber::yield_now();
                }
            })
        })
        .collect();
    let count = fibers.len();
    fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
    println!("{count} fibers counted to {}", counter.get());
    assert_eq!(counter.get(), 100_000);
}
