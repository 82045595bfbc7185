//! What a body yields with stays in the body.

use sisal::coroutine::{self, Yielder};

fn main() {
    coroutine::iter(|yielder: &Yielder<(), u32>| {
        sisal::scope(|s| {
            s.spawn(|| yielder.yield_(1));
        });
    });
}
