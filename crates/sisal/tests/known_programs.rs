//! The programs that showed other stackful libraries unsound, written for this one, as far as they compile here: those of may#6,
//! and of corosensei#27 and #60 where nothing is lent. In full the latter two and generator-rs#58 do not compile
//! (`ui/known_*.rs`); the pattern that stays unsound with every stackful switch stands in `scoped_pointers.rs`.
//!
//! Method: each looks for what went wrong there: a thread that is not the one where a value that may not travel was made, and
//! a text that is read after it was freed.

mod common;

use common::on;
use sisal::coroutine::{self, Coroutine, Scoped, Yielder};
use sisal::fiber;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread::{self, ThreadId};

thread_local! {
    static LAST: RefCell<Option<Rc<ThreadId>>> = const { RefCell::new(None) };
}

#[test]
fn may_6_no_count_is_reached_from_two_threads() {
    on(8, || {
        let fibers: Vec<_> = (0..1_000)
            .map(|_| {
                fiber::spawn(|| {
                    let made_in = Rc::new(thread::current().id());
                    LAST.with_borrow_mut(|last| *last = Some(Rc::clone(&made_in)));
                    for _ in 0..100 {
                        assert_eq!(*made_in, thread::current().id());
                        // Another fiber's, whose count this one moves.
                        let shared = LAST.with_borrow(|last| last.clone()).unwrap();
                        assert_eq!(*shared, *made_in);
                        fiber::yield_now();
                    }
                })
            })
            .collect();
        for fiber in fibers {
            fiber.join().unwrap();
        }
    });
}

#[test]
fn corosensei_27_what_is_forgotten_keeps_what_it_has_lent() {
    let (go_on, goes_on) = mpsc::channel::<()>();
    let (answer, answered) = mpsc::channel();
    let coroutine = Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
        let text = String::from("lent");
        let lent = text.as_str();
        thread::scope(move |s| {
            s.spawn(move || {
                goes_on.recv().unwrap();
                answer.send(lent.to_owned()).unwrap();
            });
            yielder.yield_(());
        });
    });
    let _ = coroutine.resume(());
    std::mem::forget(coroutine);
    // Others come and go on stacks like that one.
    for _ in 0..100 {
        let other = Coroutine::new(|yielder: &Yielder<(), ()>, ()| yielder.yield_(()));
        let _ = other.resume(());
    }
    go_on.send(()).unwrap();
    assert_eq!(answered.recv().unwrap(), "lent");
}

#[test]
fn corosensei_60_what_is_scoped_ends_before_what_it_borrows() {
    let mut text = String::from("lent");
    let (go_on, goes_on) = mpsc::channel::<()>();
    let (answer, answered) = mpsc::channel();
    let lent = text.as_str();
    coroutine::scoped(
        move |yielder: &Yielder<(), ()>, ()| {
            thread::scope(move |s| {
                s.spawn(move || {
                    goes_on.recv().unwrap();
                    answer.send(lent.to_owned()).unwrap();
                });
                yielder.yield_(());
            });
        },
        |inner: &mut Scoped<'_, (), (), ()>| {
            let _ = inner.resume(());
            go_on.send(()).unwrap();
        },
    );
    // Unwound, so the thread has been waited for.
    assert_eq!(answered.try_recv().unwrap(), "lent");
    text.clear();
}
