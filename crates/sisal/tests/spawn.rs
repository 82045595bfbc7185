//! Spawn and join: results, panics, names, detaching, and every form of `go!`.
//!
//! Method: each on 1, 2 and 4 workers.

mod common;

use common::{eventually, on_each_size};
use sisal::{fiber, go};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

#[test]
fn join_gives_the_value() {
    on_each_size(|| {
        let handles: Vec<_> = (0..200).map(|n| fiber::spawn(move || n * 2)).collect();
        let sum: usize = handles.into_iter().map(|handle| handle.join().unwrap()).sum();
        assert_eq!(sum, 200 * 199);
    });
}

#[test]
fn children_of_children_are_joined() {
    fn tree(depth: u32) -> u64 {
        if depth == 0 {
            return 1;
        }
        let (left, right) = (fiber::spawn(move || tree(depth - 1)), fiber::spawn(move || tree(depth - 1)));
        left.join().unwrap() + right.join().unwrap()
    }
    on_each_size(|| assert_eq!(tree(8), 256));
}

#[test]
fn a_panic_ends_its_fiber_and_travels_to_join() {
    on_each_size(|| {
        let payload = fiber::spawn(|| std::panic::panic_any(7_u8)).join().unwrap_err();
        assert_eq!(*payload.downcast::<u8>().unwrap(), 7);
        assert_eq!(fiber::spawn(|| "alive").join().unwrap(), "alive");
    });
}

#[test]
fn a_dropped_handle_detaches() {
    on_each_size(|| {
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let done = Arc::clone(&done);
            go! {
                fiber::yield_now();
                done.fetch_add(1, Relaxed);
            };
        }
        eventually("detached fibers run", || done.load(Relaxed) == 100);
    });
}

#[test]
fn results_that_nobody_takes_are_dropped_once() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    on_each_size(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        for round in 0..300 {
            let value = Counted(Arc::clone(&drops));
            let handle = fiber::spawn(move || value);
            if round % 3 == 0 {
                fiber::yield_now();
            }
            match round % 2 {
                0 => drop(handle),
                _ => drop(handle.join().unwrap()),
            }
        }
        eventually("each result is dropped", || drops.load(Relaxed) == 300);
    });
}

#[test]
fn go_takes_blocks_closures_paths_and_settings() {
    fn seven() -> i32 {
        7
    }
    mod inner {
        pub(crate) fn eight() -> i32 {
            8
        }
    }
    on_each_size(|| {
        let text = String::from("moved");
        assert_eq!(go! { text.len() }.join().unwrap(), 5);
        assert_eq!(go! { let a = 1; let b = 2; a + b }.join().unwrap(), 3);
        assert_eq!(go!(|| 1).join().unwrap(), 1);
        let captured = 2;
        assert_eq!(go!(move || captured).join().unwrap(), 2);
        assert_eq!(go!(seven).join().unwrap(), 7);
        assert_eq!(go!(inner::eight).join().unwrap(), 8);
        assert_eq!(go! { seven() }.join().unwrap(), 7);
        let closure = move || captured + 1;
        assert_eq!(go!(closure).join().unwrap(), 3);
        let near = fiber::current();
        assert_eq!(go!(near = &near, seven).join().unwrap(), 7);
        let named = go!(name = "x", stack_size = 256 * 1024, { fiber::current().name() == Some("x") });
        assert!(named.join().unwrap());
        assert_eq!(go!(name = String::from("y"), move || captured).join().unwrap(), 2);
    });
}

#[test]
fn a_fiber_knows_itself() {
    on_each_size(|| {
        let handle = fiber::spawn(|| (fiber::current().id(), fiber::current().home()));
        let fiber = handle.fiber();
        let (id, home) = handle.join().unwrap();
        assert_eq!(fiber.id(), id);
        assert!(home.is_some());
        assert_ne!(fiber::current().id(), id);
        assert!(fiber.spawned_at().unwrap().file().ends_with("spawn.rs"));
    });
}

#[test]
fn a_closure_larger_than_a_page_is_carried() {
    on_each_size(|| {
        let big = [7_u8; 10_000];
        let handle = fiber::spawn(move || big.iter().map(|&byte| u64::from(byte)).sum::<u64>());
        assert_eq!(handle.join().unwrap(), 70_000);
    });
}

#[test]
fn a_stack_size_out_of_bounds_is_an_error() {
    for bytes in [1, usize::MAX] {
        let error = fiber::Builder::new().stack_size(bytes).spawn(|| ()).unwrap_err();
        assert!(error.to_string().contains(&bytes.to_string()), "{error}");
    }
}

#[test]
fn threads_join_fibers_and_fibers_join_from_other_runtimes() {
    let handle = fiber::spawn(|| 5);
    assert_eq!(handle.join().unwrap(), 5);
    let other = sisal::runtime::Runtime::builder().workers(1).build().unwrap();
    common::on(2, || {
        let handles: Vec<_> = (0..50).map(|n| other.spawn(move || n)).collect();
        assert_eq!(handles.into_iter().map(|handle| handle.join().unwrap()).sum::<i32>(), 1225);
    });
}
