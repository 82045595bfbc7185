//! Two coroutines counted down in turn, by hand.
//!
//! Look at: nobody schedules. Each `resume` runs one coroutine up to its next yield, so the order is the caller's.
//!
//! ```text
//! $ cargo run --release --example countdown
//! A 3
//! B 3
//! A 2
//! B 2
//! A 1
//! B 1
//! ```

use sisal::coroutine;

fn countdown(name: &'static str, from: u32) -> impl Iterator<Item = String> {
    coroutine::iter(move |yielder| {
        for n in (1..=from).rev() {
            yielder.yield_(format!("{name} {n}"));
        }
    })
}

fn main() {
    let (mut a, mut b) = (countdown("A", 3), countdown("B", 3));
    let mut seen = Vec::new();
    while let (Some(from_a), Some(from_b)) = (a.next(), b.next()) {
        println!("{from_a}\n{from_b}");
        seen.extend([from_a, from_b]);
    }
    assert_eq!(seen, ["A 3", "B 3", "A 2", "B 2", "A 1", "B 1"]);
}
