//! `fiber_local!`: one value a fiber, dropped with it, the youngest first, also after a panic.

mod common;

use common::on_each_size;
use sisal::{fiber, fiber_local};
use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};

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
