//! The program of generator-rs#58: a generator takes an `Rc` out of a thread-local, and goes on in another thread.

use sisal::coroutine::Coroutine;
use std::cell::Cell;
use std::rc::Rc;

thread_local! {
    static COUNTER: Cell<Option<Rc<Cell<u64>>>> = const { Cell::new(None) };
}

fn main() {
    let counter = Rc::new(Cell::new(0));
    COUNTER.set(Some(Rc::clone(&counter)));
    let counts = Coroutine::new(|yielder, ()| {
        let counter = COUNTER.take().unwrap();
        yielder.yield_(());
        counter.set(counter.get() + 1);
    });
    let _ = counts.resume(());
    let elsewhere = std::thread::spawn(move || drop(counts.resume(())));
    counter.set(counter.get() + 1);
    elsewhere.join().unwrap();
}
