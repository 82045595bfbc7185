//! `blocking`: borrows, carries panics, and leaves the worker to others.

mod common;

use common::{on, on_each_size};
use sisal::{fiber, go};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

#[test]
fn a_blocking_call_borrows_and_returns() {
    on_each_size(|| {
        let mut list = vec![1];
        let worker = thread::current().id();
        let elsewhere = sisal::blocking(|| {
            list.push(2);
            thread::current().id() != worker
        });
        assert!(elsewhere);
        assert_eq!(list, [1, 2]);
    });
}

#[test]
fn others_run_meanwhile() {
    on(1, || {
        let turns = AtomicUsize::new(0);
        fiber::scope(|s| {
            s.spawn(|| {
                while turns.load(Relaxed) < 10 {
                    turns.fetch_add(1, Relaxed);
                    fiber::yield_now();
                }
            });
            sisal::blocking(|| {
                while turns.load(Relaxed) < 10 {
                    thread::sleep(Duration::from_micros(100));
                }
            });
        });
    });
}

#[test]
fn a_panic_comes_back() {
    on_each_size(|| {
        let result = catch_unwind(AssertUnwindSafe(|| sisal::blocking(|| panic!("from the pool"))));
        assert_eq!(*result.unwrap_err().downcast::<&str>().unwrap(), "from the pool");
    });
}

#[test]
fn more_jobs_than_threads_are_all_done() {
    let runtime = sisal::runtime::Runtime::builder().workers(2).blocking_threads(2).build().unwrap();
    runtime.run(|| {
        let handles: Vec<_> = (0..100)
            .map(|n| {
                go! {
                    sisal::blocking(|| {
                        thread::sleep(Duration::from_micros(50));
                        n
                    })
                }
            })
            .collect();
        assert_eq!(handles.into_iter().map(|handle| handle.join().unwrap()).sum::<usize>(), 4950);
    });
}

#[test]
fn on_a_bare_thread_it_runs_right_here() {
    let here = thread::current().id();
    assert!(sisal::blocking(|| thread::current().id() == here));
}
