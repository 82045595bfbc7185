//! A caller and a coroutine that take turns.
//!
//! Look at: the coroutine keeps its place between two resumes, on a stack of its own.
//!
//! ```text
//! $ cargo run --release --example abc
//! caller: a
//! coroutine: 1
//! caller: b
//! coroutine: 2
//! caller: c
//! coroutine: 3
//! the coroutine is complete
//! ```

use sisal::coroutine::{Coroutine, CoroutineState, State};

fn main() {
    let numbers = Coroutine::new(|yielder, ()| {
        for n in 1..=3 {
            println!("coroutine: {n}");
            yielder.yield_(n);
        }
    });
    let mut sum = 0;
    for letter in ["a", "b", "c"] {
        println!("caller: {letter}");
        if let CoroutineState::Yielded(n) = numbers.resume(()) {
            sum += n;
        }
    }
    assert_eq!(numbers.resume(()), CoroutineState::Complete(()));
    assert_eq!((numbers.state(), sum), (State::Complete, 6));
    println!("the coroutine is {}", numbers.state());
}
