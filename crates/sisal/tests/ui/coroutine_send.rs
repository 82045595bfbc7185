//! A coroutine stays with the fiber or thread that made it.

fn main() {
    let counter = sisal::coroutine::Coroutine::new(|_: &sisal::coroutine::Yielder<(), ()>, ()| 1);
    sisal::go!(move || counter.resume(()));
}
