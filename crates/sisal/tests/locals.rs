//! `fiber_local!`: one value a fiber, dropped with it, the youngest first, also after a panic.

mod common;

use common::{eventually, on_each_size};
use sisal::{fiber, fiber_local};
use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fiber_local! {
    static COUNT: Cell<u32> = const { Cell::new(1) };
    static LIST: RefCell<Vec<u32>> = RefCell::new(vec![0]);
    static FIRST: RefCell<Option<Noted>> = RefCell::new(None);
    static SECOND: RefCell<Option<Noted>> = RefCell::new(None);
}

struct Noted(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl Drop for Noted {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0);
    }
}

#[test]
fn each_fiber_has_its_own() {
    on_each_size(|| {
        fiber::scope(|s| {
            for n in 0..50 {
                s.spawn(move || {
                    COUNT.set(n);
                    LIST.with_borrow_mut(|list| list.push(n));
                    fiber::yield_now();
                    assert_eq!(COUNT.get(), n);
                    assert_eq!(LIST.take(), [0, n]);
                });
            }
        });
        assert_eq!(COUNT.get(), 1);
    });
}

#[test]
fn the_youngest_is_dropped_first_also_after_a_panic() {
    on_each_size(|| {
        for panics in [false, true] {
            let order = Arc::new(Mutex::new(Vec::new()));
            let theirs = Arc::clone(&order);
            let handle = fiber::spawn(move || {
                FIRST.with_borrow_mut(|slot| *slot = Some(Noted("first", Arc::clone(&theirs))));
                SECOND.with_borrow_mut(|slot| *slot = Some(Noted("second", theirs)));
                assert!(!panics, "wanted");
            });
            assert_eq!(handle.join().is_err(), panics);
            assert_eq!(*order.lock().unwrap(), ["second", "first"]);
        }
    });
}

#[test]
fn a_destructor_sees_what_is_still_there() {
    fiber_local! {
        static OLD: Cell<u32> = Cell::new(5);
        static YOUNG: RefCell<Option<Asks>> = RefCell::new(None);
    }
    struct Asks(Arc<Mutex<Vec<String>>>);
    impl Drop for Asks {
        fn drop(&mut self) {
            let answers =
                [format!("{:?}", OLD.try_with(Cell::get)), format!("{}", YOUNG.try_with(|_| ()).is_err())];
            self.0.lock().unwrap().extend(answers);
        }
    }
    let answers = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&answers);
    fiber::spawn(move || {
        OLD.set(6);
        YOUNG.with_borrow_mut(|slot| *slot = Some(Asks(theirs)));
    })
    .join()
    .unwrap();
    assert_eq!(*answers.lock().unwrap(), ["Ok(6)", "true"]);
}

/// Destructors may wait, panic, and make further values, which are dropped too; who joins comes after all of it.
#[test]
fn destructors_do_what_any_code_does() {
    fiber_local! {
        static OLD: RefCell<Option<Noted>> = RefCell::new(None);
        static PANICS: RefCell<Option<Panics>> = RefCell::new(None);
        static WAITS: RefCell<Option<Waits>> = RefCell::new(None);
        static LATE: RefCell<Option<Noted>> = RefCell::new(None);
    }
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("wanted");
        }
    }
    struct Waits(Arc<Mutex<Vec<&'static str>>>);
    impl Drop for Waits {
        fn drop(&mut self) {
            sisal::sleep(Duration::from_millis(1));
            sisal::go!(|| ()).join().unwrap();
            LATE.with_borrow_mut(|slot| *slot = Some(Noted("late", Arc::clone(&self.0))));
            self.0.lock().unwrap().push("waited");
        }
    }
    on_each_size(|| {
        for panics in [false, true] {
            let order = Arc::new(Mutex::new(Vec::new()));
            let theirs = Arc::clone(&order);
            let handle = fiber::spawn(move || {
                OLD.with_borrow_mut(|slot| *slot = Some(Noted("old", Arc::clone(&theirs))));
                PANICS.with_borrow_mut(|slot| *slot = Some(Panics));
                WAITS.with_borrow_mut(|slot| *slot = Some(Waits(theirs)));
                assert!(!panics, "wanted");
            });
            assert_eq!(handle.join().is_err(), panics);
            assert_eq!(*order.lock().unwrap(), ["waited", "late", "old"]);
        }
    });
}

#[test]
fn a_panic_while_a_value_is_made_leaves_none() {
    fiber_local!(static SHY: u32 = {
        assert!(COUNT.replace(7) == 7, "wanted");
        3
    });
    on_each_size(|| {
        fiber::spawn(|| {
            assert!(std::panic::catch_unwind(|| SHY.with(|n| *n)).is_err());
            SHY.with(|n| assert_eq!(*n, 3));
        })
        .join()
        .unwrap();
    });
}

#[test]
fn a_value_that_asks_for_itself_is_made_once() {
    fiber_local!(static DEEP: Cell<u32> = Cell::new(if COUNT.replace(0) == 1 { DEEP.get() + 1 } else { 10 }));
    fiber::spawn(|| assert_eq!(DEEP.get(), 10)).join().unwrap();
}

/// The result's drop runs when the fiber's values are gone already.
#[test]
fn a_value_made_by_the_drop_of_an_unwanted_result_is_dropped_on_the_fiber() {
    struct Waits(Arc<Mutex<Vec<fiber::FiberId>>>);
    impl Drop for Waits {
        fn drop(&mut self) {
            let before = fiber::current().id();
            fiber::yield_now();
            sisal::sleep(std::time::Duration::from_millis(1));
            assert_eq!(fiber::current().id(), before);
            self.0.lock().unwrap().push(before);
        }
    }
    struct Late(Arc<Mutex<Vec<fiber::FiberId>>>);
    impl Drop for Late {
        fn drop(&mut self) {
            fiber_local! {
                static LATE: RefCell<Option<Waits>> = RefCell::new(None);
            }
            LATE.with_borrow_mut(|slot| *slot = Some(Waits(Arc::clone(&self.0))));
        }
    }
    on_each_size(|| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&seen);
        let (go, gone) = sisal::channel::bounded::<()>(0);
        let handle = fiber::spawn(move || {
            gone.recv().unwrap();
            Late(theirs)
        });
        let id = handle.fiber().id();
        drop(handle);
        go.send(()).unwrap();
        eventually("the value is dropped", || *seen.lock().unwrap() == [id]);
    });
}
