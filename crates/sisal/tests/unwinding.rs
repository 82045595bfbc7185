//! A fiber may wait in a `Drop` while it unwinds: nobody else sees its panic, and it finds it again.
//!
//! Method: one worker, so that all share one OS thread and its panic count.

mod common;

use common::{on, on_each_size};
use sisal::{fiber, go, time};
use std::sync::{Arc, Mutex};
use std::thread::panicking;
use std::time::Duration;

/// Waits when it is dropped, in each of the ways.
struct Waits;

impl Drop for Waits {
    fn drop(&mut self) {
        assert!(panicking());
        fiber::yield_now();
        time::sleep(Duration::from_micros(200));
        assert_eq!(go!(|| 1).join().unwrap(), 1);
        assert!(panicking(), "the fiber has lost its own panic");
    }
}

#[test]
fn nobody_else_sees_the_panic() {
    on(1, || {
        let innocent = go! {
            let lock = Mutex::new(0);
            for _ in 0..200 {
                assert!(!panicking());
                *lock.lock().unwrap() += 1;
                fiber::yield_now();
            }
        };
        let guilty: Vec<_> = (0..5)
            .map(|_| {
                go! {
                    let _waits = Waits;
                    panic!("wanted");
                }
            })
            .collect();
        for handle in guilty {
            let joined: Result<(), _> = handle.join();
            assert!(joined.is_err());
        }
        innocent.join().unwrap();
        assert!(!panicking());
    });
}

#[test]
fn the_counts_are_right_afterwards() {
    on_each_size(|| {
        for _ in 0..10 {
            let poisoned = Arc::new(Mutex::new(0));
            let theirs = Arc::clone(&poisoned);
            let guilty = go! {
                let _guard = theirs.lock().unwrap();
                panic!("wanted, with a std lock held");
            };
            let waiting = go! {
                let _waits = Waits;
                panic!("wanted");
            };
            let results: [Result<(), _>; 2] = [guilty.join(), waiting.join()];
            assert!(results.iter().all(Result::is_err));
            // A panic that does not wait still poisons, and nothing else does.
            assert!(poisoned.is_poisoned());
            let sound = Mutex::new(1);
            drop(sound.lock().unwrap());
            assert!(!sound.is_poisoned() && !panicking());
        }
    });
}

#[test]
fn a_panic_within_a_drop_that_waits_is_counted_too() {
    struct Nested;
    impl Drop for Nested {
        fn drop(&mut self) {
            // Two panics at once on this thread.
            let inner = std::panic::catch_unwind(|| {
                let _waits = Waits;
                panic!("inner");
            });
            assert!(inner.is_err() && panicking());
        }
    }
    on_each_size(|| {
        let handle = go! {
            let _nested = Nested;
            panic!("outer");
        };
        let result: Result<(), _> = handle.join();
        assert!(result.is_err() && !panicking());
    });
}
