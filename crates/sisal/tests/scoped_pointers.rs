//! The named exception: a thread-local that a scope sets and restores on its way out, last in, first out (as `scoped-tls` does),
//! is one for all fibers of a worker. Fibers that wait inside such a scope restore it in another order than they have set it.
//!
//! Method: the pattern itself, over numbers where the crates have pointers, so that what goes wrong can be looked at. A
//! `fiber_local!` in its place is right.

mod common;

use common::on;
use sisal::channel::bounded;
use sisal::{fiber_local, go};
use std::cell::Cell;

thread_local! {
    static CURRENT: Cell<u32> = const { Cell::new(0) };
}

fiber_local! {
    static OWN: Cell<u32> = Cell::new(0);
}

/// Sets `CURRENT` to `value` during `f`, and then back to what it was.
fn scoped<T>(value: u32, f: impl FnOnce() -> T) -> T {
    let before = CURRENT.replace(value);
    let result = f();
    CURRENT.set(before);
    result
}

/// What two fibers of one worker see in their scopes after they have waited: the first opens its scope first, and leaves it
/// while the second is still in its own.
fn seen(read: fn() -> u32, scope: fn(u32, &dyn Fn() -> u32) -> u32) -> [u32; 2] {
    on(1, move || {
        let [(open, opened), (enter, entered), (leave, left)] = [(); 3].map(|()| bounded(0));
        let first = go!(move || {
            let seen = scope(1, &|| {
                open.send(()).unwrap();
                entered.recv().unwrap();
                read()
            });
            leave.send(()).unwrap();
            seen
        });
        let second = go!(move || {
            opened.recv().unwrap();
            scope(2, &|| {
                enter.send(()).unwrap();
                left.recv().unwrap();
                read()
            })
        });
        [first, second].map(|fiber| fiber.join().unwrap())
    })
}

#[test]
fn a_scope_that_waits_restores_what_is_not_its_own() {
    let [first, second] = seen(|| CURRENT.get(), |value, f| scoped(value, f));
    assert_ne!(
        [first, second],
        [1, 2],
        "each sees its own after all: the exception may be struck from the list"
    );
}

#[test]
fn a_scope_that_does_not_wait_is_right() {
    on(2, || {
        let fibers = (1..=100).map(|n| go!(move || scoped(n, || CURRENT.get())));
        let fibers: Vec<_> = fibers.collect();
        assert!(fibers.into_iter().map(|fiber| fiber.join().unwrap()).eq(1..=100));
    });
}

#[test]
fn a_fiber_local_is_right() {
    let own = |value, f: &dyn Fn() -> u32| {
        OWN.with(|own| own.set(value));
        f()
    };
    assert_eq!(seen(|| OWN.with(Cell::get), own), [1, 2]);
}
