//! A scoped coroutine cannot leave its scope, nor change places with another.

use sisal::coroutine::{self, Yielder};

fn main() {
    let mut kept = None;
    coroutine::scoped(|yielder: &Yielder<(), ()>, ()| yielder.yield_(()), |first| kept = Some(first));
    coroutine::scoped(
        |yielder: &Yielder<(), ()>, ()| yielder.yield_(()),
        |first| {
            coroutine::scoped(
                |yielder: &Yielder<(), ()>, ()| yielder.yield_(()),
                |second| std::mem::swap(first, second),
            )
        },
    );
}
