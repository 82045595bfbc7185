//! The life of a coroutine, from created to complete, and what each end does.
//!
//! Look at: a coroutine that is dropped while it is suspended is unwound, so its destructors run; a panic of the body reaches the
//! resumer; one that is complete cannot be resumed.
//!
//! ```text
//! $ cargo run --release --example lifecycle
//! created
//! running, seen from inside
//! suspended
//! complete
//! resumed again: resumed a coroutine that is complete
//! dropped while suspended: its guard is dropped
//! a panic: out of the body
//! ```

use sisal::coroutine::{Coroutine, CoroutineState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        println!("dropped while suspended: its guard is dropped");
    }
}

fn main() {
    let coroutine = Rc::new_cyclic(|own: &Weak<Coroutine<(), (), u8>>| {
        let own = own.clone();
        Coroutine::new(move |yielder, ()| {
            println!("{}, seen from inside", own.upgrade().unwrap().state());
            yielder.yield_(());
            7
        })
    });
    println!("{}", coroutine.state());
    assert_eq!(coroutine.resume(()), CoroutineState::Yielded(()));
    println!("{}", coroutine.state());
    assert_eq!(coroutine.resume(()), CoroutineState::Complete(7));
    println!("{}", coroutine.state());

    std::panic::set_hook(Box::new(|_| {}));
    let again = catch_unwind(AssertUnwindSafe(|| coroutine.resume(())));
    println!("resumed again: {}", again.unwrap_err().downcast_ref::<String>().unwrap());

    let suspended = Coroutine::new(|yielder, ()| {
        let _guard = Guard;
        yielder.yield_(());
    });
    let _ = suspended.resume(());
    drop(suspended);

    let fails = Coroutine::new(|_: &sisal::coroutine::Yielder<(), ()>, ()| panic!("out of the body"));
    let payload = catch_unwind(AssertUnwindSafe(|| fails.resume(()))).unwrap_err();
    println!("a panic: {}", payload.downcast_ref::<&str>().unwrap());
}
