//! `spawn_local`: what is not `Send` stays on its worker, and is run, dropped and joined there.
//!
//! Method: values that know the thread on which they were made, in crowds of local fibers beside others; then each end that a
//! fiber can come to.

mod common;

use common::{WORKERS, on, on_each_size};
use sisal::runtime::Runtime;
use sisal::{fiber, go};
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// Not `Send`, and fails if it is sent all the same.
struct Bound(ThreadId, PhantomData<Rc<()>>);

impl Bound {
    fn new() -> Self {
        Self(thread::current().id(), PhantomData)
    }

    fn check(&self) {
        assert_eq!(self.0, thread::current().id(), "on another thread than it was made on");
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        self.check();
    }
}

#[test]
fn crowds_stay_with_their_spawner() {
    on_each_size(|| {
        let groups: Vec<_> = (0..8)
            .map(|_| {
                go! {
                    let shared = Rc::new((Bound::new(), Cell::new(0)));
                    let locals: Vec<_> = (0..100)
                        .map(|n| {
                            let shared = Rc::clone(&shared);
                            fiber::spawn_local(move || {
                                for _ in 0..10 {
                                    shared.0.check();
                                    shared.1.set(shared.1.get() + 1);
                                    fiber::yield_now();
                                }
                                (Bound::new(), n)
                            })
                        })
                        .collect();
                    for (n, local) in locals.into_iter().enumerate() {
                        let (bound, number) = local.join().unwrap();
                        bound.check();
                        assert_eq!(n, number);
                    }
                    assert_eq!((Rc::strong_count(&shared), shared.1.get()), (1, 1_000));
                }
            })
            .collect();
        groups.into_iter().for_each(|group| group.join().unwrap());
    });
}

#[test]
fn a_local_fiber_spawns_local_fibers() {
    fn tree(depth: u32, leaves: &Rc<Cell<u32>>) {
        if depth == 0 {
            return leaves.set(leaves.get() + 1);
        }
        let children = [(); 2].map(|()| {
            let leaves = Rc::clone(leaves);
            fiber::spawn_local(move || tree(depth - 1, &leaves))
        });
        children.into_iter().for_each(|child| child.join().unwrap());
    }
    on_each_size(|| {
        let leaves = Rc::new(Cell::new(0));
        tree(8, &leaves);
        assert_eq!(leaves.get(), 256);
    });
}

#[test]
fn a_panic_and_an_unjoined_result_end_on_their_worker() {
    on_each_size(|| {
        let bound = Bound::new();
        let failed = fiber::spawn_local(move || {
            bound.check();
            panic!("wanted");
        });
        assert!(failed.join().is_err());
        // Dropped by the handle, and by the fiber.
        let ended = fiber::spawn_local(Bound::new);
        while !ended.is_finished() {
            fiber::yield_now();
        }
        drop(ended);
        drop(fiber::spawn_local(Bound::new));
        fiber::yield_now();
    });
}

#[test]
fn a_handle_with_a_result_that_may_be_sent_is_sent() {
    on_each_size(|| {
        let bound = Bound::new();
        let handle = fiber::spawn_local(move || {
            bound.check();
            5
        });
        assert_eq!(go!(move || handle.join().unwrap()).join().unwrap(), 5);
    });
}

#[test]
fn what_was_never_run_is_dropped_by_its_worker() {
    for workers in WORKERS {
        let dropped = Arc::new(AtomicU32::new(0));
        struct Counts(Arc<AtomicU32>, Bound);
        impl Drop for Counts {
            fn drop(&mut self) {
                self.1.check();
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let runtime = Arc::new(Runtime::builder().workers(workers).build().unwrap());
        let (closed, theirs) = (Arc::clone(&runtime), Arc::clone(&dropped));
        runtime.run(move || {
            let handles: Vec<_> = (0..50)
                .map(|_| {
                    let counts = Counts(Arc::clone(&theirs), Bound::new());
                    fiber::spawn_local(move || drop(counts))
                })
                .collect();
            // Closes the runtime before any of them has run.
            thread::spawn(move || closed.shutdown_timeout(Duration::from_secs(10)));
            while fiber::Builder::new().spawn(|| ()).is_ok() {
                thread::yield_now();
            }
            for handle in handles {
                assert!(handle.join().is_err());
            }
        });
        assert_eq!(dropped.load(Ordering::Relaxed), 50);
    }
}

#[test]
fn a_chain_of_local_fibers_starves_nobody() {
    fn next(stop: Arc<AtomicBool>) {
        if !stop.load(Ordering::Relaxed) {
            drop(fiber::spawn_local(move || next(stop)));
        }
    }
    on(1, || {
        let stop = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&stop);
        let other = go!(move || theirs.store(true, Ordering::Relaxed));
        next(stop);
        other.join().unwrap();
    });
}

#[test]
fn outside_of_a_fiber_it_is_an_error() {
    assert!(fiber::Builder::new().spawn_local(|| ()).is_err());
    assert!(thread::spawn(|| fiber::spawn_local(|| ()).join()).join().is_err());
    on(1, || sisal::blocking(|| assert!(fiber::Builder::new().spawn_local(|| ()).is_err())));
}

#[test]
fn what_lies_between_two_waits_is_atomic() {
    on_each_size(|| {
        let log = Rc::new(RefCell::new(Vec::new()));
        let fibers: Vec<_> = (0..20)
            .map(|name| {
                let log = Rc::clone(&log);
                fiber::Builder::new().name(format!("logger {name}")).spawn_local(move || {
                    for _ in 0..50 {
                        let before = log.borrow().len();
                        (0..3).for_each(|_| log.borrow_mut().push(name));
                        assert_eq!(log.borrow().len(), before + 3);
                        fiber::yield_now();
                    }
                })
            })
            .collect();
        fibers.into_iter().for_each(|fiber| fiber.unwrap().join().unwrap());
        assert!(log.borrow().chunks(3).all(|chunk| chunk.iter().all(|name| *name == chunk[0])));
    });
}

#[test]
fn a_join_gives_up_and_the_handle_is_still_good() {
    on_each_size(|| {
        let (go_on, wait) = sisal::channel::bounded::<()>(0);
        let mut handle = go!(move || wait.recv());
        for _ in 0..3 {
            handle = handle.join_timeout(Duration::from_millis(1)).unwrap_err();
        }
        let cancelled = go! {
            let token = fiber::CancelToken::new();
            token.cancel();
            token.run(|| handle.join_timeout(Duration::from_secs(3_600))).unwrap_err()
        };
        let handle = cancelled.join().unwrap();
        drop(go_on);
        assert!(handle.join_timeout(Duration::from_secs(3_600)).unwrap().unwrap().is_err());
    });
}
