//! A scope's children may borrow, and the scope returns after all of them.

mod common;

use common::on_each_size;
use sisal::fiber;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[test]
fn children_borrow_and_are_waited_for() {
    on_each_size(|| {
        let mut squares = vec![0; 100];
        let finished = AtomicUsize::new(0);
        let sum: usize = fiber::scope(|s| {
            let handles: Vec<_> = squares
                .iter_mut()
                .enumerate()
                .map(|(index, square)| {
                    let finished = &finished;
                    s.spawn(move || {
                        fiber::yield_now();
                        *square = index * index;
                        finished.fetch_add(1, Relaxed);
                        index
                    })
                })
                .collect();
            handles.into_iter().take(10).map(|handle| handle.join().unwrap()).sum()
        });
        assert_eq!(sum, 45);
        assert_eq!(finished.load(Relaxed), 100);
        assert!(squares.iter().enumerate().all(|(index, &square)| square == index * index));
    });
}

#[test]
fn a_child_spawns_siblings() {
    on_each_size(|| {
        let count = AtomicUsize::new(0);
        fiber::scope(|s| {
            for _ in 0..10 {
                s.spawn(|| {
                    for _ in 0..10 {
                        s.spawn(|| count.fetch_add(1, Relaxed));
                    }
                });
            }
        });
        assert_eq!(count.load(Relaxed), 100);
    });
}

#[test]
fn an_unjoined_panic_reaches_the_parent_after_the_siblings_have_ended() {
    on_each_size(|| {
        let finished = AtomicUsize::new(0);
        let payload = catch_unwind(AssertUnwindSafe(|| {
            fiber::scope(|s| {
                s.spawn(|| std::panic::panic_any("first"));
                for _ in 0..20 {
                    s.spawn(|| {
                        fiber::sleep(std::time::Duration::from_millis(1));
                        finished.fetch_add(1, Relaxed);
                    });
                }
            })
        }))
        .unwrap_err();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "first");
        assert_eq!(finished.load(Relaxed), 20);
    });
}

#[test]
fn a_joined_panic_stays_with_its_joiner() {
    on_each_size(|| {
        fiber::scope(|s| {
            let child = s.spawn(|| panic!("mine"));
            assert!(child.join().is_err());
        });
    });
}

#[test]
fn a_panic_of_the_body_waits_for_the_children() {
    on_each_size(|| {
        let finished = AtomicUsize::new(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            fiber::scope(|s| {
                s.spawn(|| {
                    fiber::sleep(std::time::Duration::from_millis(1));
                    finished.fetch_add(1, Relaxed);
                });
                panic!("body");
            })
        }));
        assert!(result.is_err());
        assert_eq!(finished.load(Relaxed), 1);
    });
}

#[test]
fn a_forgotten_handle_does_not_hold_the_scope() {
    on_each_size(|| {
        fiber::scope(|s| std::mem::forget(s.spawn(|| 1)));
    });
}

#[test]
fn a_bare_thread_has_scopes_too() {
    let mut value = 0;
    fiber::scope(|s| {
        s.spawn(|| value = 1);
    });
    assert_eq!(value, 1);
}

/// The thread's own record may be gone by then, and the scope's children must still find whom to wake.
#[test]
fn a_scope_in_the_destructor_of_a_thread_local() {
    struct Scopes(std::sync::Arc<AtomicUsize>);
    impl Drop for Scopes {
        fn drop(&mut self) {
            fiber::scope(|s| {
                let ended = &self.0;
                s.spawn(move || {
                    sisal::sleep(std::time::Duration::from_millis(2));
                    ended.fetch_add(1, Relaxed);
                });
            });
            self.0.fetch_add(1, Relaxed);
        }
    }
    thread_local! {
        static SCOPES: std::cell::RefCell<Option<Scopes>> = const { std::cell::RefCell::new(None) };
    }
    let ended = std::sync::Arc::new(AtomicUsize::new(0));
    let theirs = std::sync::Arc::clone(&ended);
    let thread = std::thread::spawn(move || {
        // Before anything of sisal's, whose own record is therefore dropped first.
        SCOPES.set(Some(Scopes(theirs)));
        fiber::scope(|_| ());
    });
    // The join of a thread waits for its destructors.
    thread.join().unwrap();
    assert_eq!(ended.load(Relaxed), 2);
}

common::in_simulations! {
    children_borrow_and_are_waited_for,
    a_child_spawns_siblings,
    a_forgotten_handle_does_not_hold_the_scope,
}
