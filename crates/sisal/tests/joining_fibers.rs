//! What happens to a fiber while it joins another is not lost: a permit, a cancel, an end that comes from another worker just as the
//! join begins. And it is shown as waiting.
//!
//! Method: the joined fiber stays until the test has done its part; ends that race with the beginning of a join are many.

use sisal::channel::{self, RecvError};
use sisal::fiber::{self, Builder};
use sisal::runtime::{FiberState, Runtime};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().workers(workers).build().unwrap()
}

/// Until the runtime's dump shows so many fibers that wait.
fn await_parked(runtime: &Runtime, count: usize) {
    while runtime.dump().fibers.iter().filter(|fiber| fiber.state == FiberState::Parked).count() < count {}
}

#[test]
fn a_permit_that_comes_during_a_join_is_there_afterwards() {
    for workers in [1, 2, 4] {
        let runtime = runtime(workers);
        let (gate, opened) = channel::bounded::<()>(0);
        let joiner = runtime.spawn(move || {
            let joined = fiber::spawn(move || opened.recv());
            let ended = joined.join().unwrap();
            fiber::park();
            ended
        });
        await_parked(&runtime, 2);
        (0..3).for_each(|_| joiner.fiber().unpark());
        await_parked(&runtime, 2);
        drop(gate);
        assert_eq!(joiner.join().unwrap(), Err(RecvError));
    }
}

#[test]
fn a_cancel_ends_no_join_and_is_noticed_after_it() {
    for workers in [1, 2, 4] {
        let runtime = runtime(workers);
        let (gate, opened) = channel::bounded::<()>(0);
        let (_sender, never) = channel::bounded::<()>(1);
        let joiner = runtime.spawn(move || {
            let joined = fiber::spawn(move || opened.recv().is_err());
            (joined.join().unwrap(), fiber::is_cancelled(), never.recv())
        });
        await_parked(&runtime, 2);
        joiner.cancel();
        await_parked(&runtime, 2);
        drop(gate);
        assert_eq!(joiner.join().unwrap(), (true, true, Err(RecvError)));
    }
}

#[test]
fn an_end_on_another_worker_meets_the_beginning_of_a_join() {
    const JOINS: usize = 3_000;
    for workers in [2, 4] {
        let joined = runtime(workers).run(move || {
            let mut sum = 0;
            for n in 0..JOINS {
                let handle = Builder::new().home(1 + n % (workers - 1)).spawn(move || n).unwrap();
                (0..n % 50).for_each(|_| std::hint::spin_loop());
                sum += handle.join().unwrap();
            }
            sum
        });
        assert_eq!(joined, JOINS * (JOINS - 1) / 2);
    }
}

#[test]
fn joins_of_joins_end_from_the_innermost_on() {
    fn nest(depth: usize, ended: &'static AtomicUsize) -> usize {
        if depth == 0 {
            return ended.load(Ordering::Relaxed);
        }
        let inner = Builder::new().home(depth).spawn(move || nest(depth - 1, ended)).unwrap().join().unwrap();
        assert_eq!(inner, ended.fetch_add(1, Ordering::Relaxed));
        inner + 1
    }
    for workers in [1, 2, 4] {
        static ENDED: [AtomicUsize; 5] = [const { AtomicUsize::new(0) }; 5];
        assert_eq!(runtime(workers).run(move || nest(100, &ENDED[workers])), 100);
    }
}

#[test]
fn a_join_in_the_middle_of_a_panic_leaves_the_panic_alone() {
    struct Joins(Option<fiber::JoinHandle<usize>>);
    impl Drop for Joins {
        fn drop(&mut self) {
            assert!(std::thread::panicking());
            assert_eq!(self.0.take().unwrap().join().unwrap(), 7);
            assert!(std::thread::panicking());
        }
    }
    for workers in [1, 2] {
        runtime(workers).run(|| {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let _joins = Joins(Some(fiber::spawn(|| {
                    assert!(!std::thread::panicking());
                    7
                })));
                std::panic::resume_unwind(Box::new("wanted"));
            }));
            assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "wanted");
        });
    }
}

#[test]
fn what_is_joined_before_by_other_means_is_joined_in_the_end() {
    for workers in [1, 2, 4] {
        runtime(workers).run(|| {
            for n in 0..200 {
                let (gate, opened) = channel::bounded::<()>(0);
                let mut handle = fiber::spawn(move || (opened.recv(), n).1);
                // A waker of an executor stays behind, which `join` puts its own in the place of.
                let pinned = std::pin::Pin::new(&mut handle);
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                assert!(Future::poll(pinned, &mut context).is_pending());
                let handle = handle.join_timeout(std::time::Duration::ZERO).unwrap_err();
                drop(gate);
                assert_eq!(handle.join().unwrap(), n);
            }
        });
    }
}
