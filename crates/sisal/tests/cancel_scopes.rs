//! Goal: what belongs together ends together: scopes and their fibers, a first error and the rest, tokens and their children.
//! Method: fibers that would wait for ever, asked to end from outside, from inside, from threads, before and after.

mod common;

use common::on_each_size;
use sisal::coroutine::{Coroutine, Yielder};
use sisal::fiber::{self, CancelToken, try_scope};
use sisal::net::UnixStream;
use sisal::{channel, time};
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_cancelled_scope_ends_all_its_fibers_and_those_to_come() {
    on_each_size(|| {
        let ends = AtomicUsize::new(0);
        fiber::scope(|s| {
            let sleeper = || {
                time::sleep(LONG);
                ends.fetch_add(1, Relaxed);
            };
            (0..100).for_each(|_| drop(s.spawn(sleeper)));
            fiber::yield_now();
            s.cancel();
            (0..100).for_each(|_| drop(s.spawn(sleeper)));
            assert!(fiber::is_cancelled());
        });
        assert!(!fiber::is_cancelled());
        assert_eq!(ends.load(Relaxed), 200);
    });
}

#[test]
fn a_tree_of_scopes_ends_from_its_root_and_detached_fibers_go_on() {
    fn tree(depth: usize, ends: &AtomicUsize) {
        if depth == 0 {
            time::sleep(LONG);
            ends.fetch_add(1, Relaxed);
        } else {
            fiber::scope(|s| (0..2).for_each(|_| drop(s.spawn(|| tree(depth - 1, ends)))));
        }
    }
    on_each_size(|| {
        let (stop, stopped) = channel::bounded::<()>(0);
        let detached = fiber::spawn(move || stopped.recv().is_err() && !fiber::is_cancelled());
        let root = fiber::spawn(|| {
            let ends = AtomicUsize::new(0);
            tree(6, &ends);
            ends.into_inner()
        });
        time::sleep(Duration::from_millis(1));
        root.cancel();
        assert_eq!(root.join().unwrap(), 64);
        drop(stop);
        assert!(detached.join().unwrap());
    });
}

#[test]
fn a_cancel_reaches_the_scopes_on_every_stack_of_a_fiber() {
    type Inside = Coroutine<(), (), ()>;
    /// Counts what ends, and says when the cancel may come.
    type Order = fn(&Arc<AtomicUsize>, &dyn Fn());
    /// Suspends inside a scope whose fiber waits.
    fn inside(ends: &Arc<AtomicUsize>) -> Inside {
        let ends = Arc::clone(ends);
        Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
            fiber::scope(|s| {
                s.spawn(|| wait_to_be_cancelled(&ends));
                yielder.yield_(());
            });
        })
    }
    fn wait_to_be_cancelled(ends: &AtomicUsize) {
        assert!(channel::never::<()>().recv().is_err() && fiber::is_cancelled());
        ends.fetch_add(1, Relaxed);
    }
    fn resume(coroutines: &[Inside]) {
        for coroutine in coroutines {
            let _ = coroutine.resume(());
        }
    }
    /// Opens a scope outside of all coroutines, and resumes these from inside of it.
    fn outside(ends: &AtomicUsize, coroutines: &[Inside], goes_on: impl FnOnce()) {
        fiber::scope(|s| {
            s.spawn(|| wait_to_be_cancelled(ends));
            resume(coroutines);
            goes_on();
        });
    }
    let orders: [Order; 4] = [
        // The coroutine's scope is the first, and ends last.
        |ends, ready| {
            let first = inside(ends);
            let _ = first.resume(());
            outside(ends, &[], ready);
            let _ = first.resume(());
        },
        // It is the second, and ends last.
        |ends, ready| {
            let second = inside(ends);
            outside(ends, slice::from_ref(&second), ready);
            let _ = second.resume(());
        },
        // The first has ended when the cancel comes.
        |ends, ready| {
            let later = [inside(ends), inside(ends)];
            fiber::scope(|_| resume(&later));
            ready();
            resume(&later);
        },
        // And so have the others, before another scope is opened.
        |ends, ready| {
            fiber::scope(|_| resume(&[Coroutine::new(|_, ()| fiber::scope(|_| ()))]));
            outside(ends, &[], ready);
            outside(ends, &[inside(ends)], || ());
        },
    ];
    on_each_size(|| {
        for order in orders {
            let ends = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&ends);
            let (ready, is_ready) = channel::bounded(1);
            let handle = fiber::spawn(move || order(&counted, &|| ready.send(()).unwrap()));
            is_ready.recv().unwrap();
            handle.cancel();
            handle.join().unwrap();
            assert!(matches!(ends.load(Relaxed), 2 | 3));
        }
    });
}

#[test]
fn one_child_is_cancelled_alone() {
    on_each_size(|| {
        fiber::scope(|s| {
            let (one, other) = (s.spawn(fiber::park), s.spawn(|| channel::never::<()>().recv_timeout(LONG)));
            one.cancel();
            one.join().unwrap();
            assert!(!other.is_finished() && !fiber::is_cancelled());
            // By way of its own scope, too.
            let parent = s.spawn(|| fiber::scope(|s| s.spawn(|| time::sleep(LONG)).join().unwrap()));
            fiber::yield_now();
            parent.cancel();
            parent.join().unwrap();
            assert!(!other.is_finished());
            s.cancel();
        });
    });
}

#[test]
fn the_first_error_ends_the_rest_and_is_the_one_returned() {
    on_each_size(|| {
        for failing in 0..8 {
            let result = try_scope(|s| {
                for n in 0..8 {
                    s.spawn(move || {
                        if n == failing {
                            return Err(ErrorKind::NotFound.into());
                        }
                        UnixStream::pair()?.0.read(&mut [0; 1])
                    });
                }
                // The body ends by it too.
                UnixStream::pair()?.0.read(&mut [0; 1])
            });
            assert_eq!(result.unwrap_err().kind(), ErrorKind::NotFound);
        }
        let result: Result<_, ()> = try_scope(|s| {
            let (one, two) = (s.spawn(|| Ok(1)), s.spawn(|| Ok(2)));
            Ok(one.join().unwrap().unwrap() + two.join().unwrap().unwrap())
        });
        assert_eq!(result, Ok(3));
        let result: Result<(), &str> = try_scope(|s| {
            s.spawn(|| {
                time::sleep(LONG);
                Ok(())
            });
            Err("the body's")
        });
        assert_eq!(result, Err("the body's"));
    });
}

#[test]
fn a_panic_ends_the_rest_of_a_try_scope_and_comes_out_after() {
    on_each_size(|| {
        let ends = AtomicUsize::new(0);
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            try_scope::<_, _, ()>(|s| {
                s.spawn(|| {
                    time::sleep(LONG);
                    ends.fetch_add(1, Relaxed);
                    Ok(())
                });
                s.spawn(|| -> Result<(), ()> { std::panic::panic_any(5_u8) });
                Ok(())
            })
        }));
        assert_eq!(*unwound.unwrap_err().downcast::<u8>().unwrap(), 5);
        assert_eq!(ends.load(Relaxed), 1);
    });
}

#[test]
fn a_token_ends_fibers_and_threads_from_anywhere() {
    on_each_size(|| {
        let token = CancelToken::new();
        let (fibers, threads): (Vec<_>, Vec<_>) = (0..4)
            .map(|_| {
                let (one, two) = (token.clone(), token.child());
                let read = || UnixStream::pair().and_then(|mut pair| pair.0.read(&mut [0; 1]));
                let fiber = fiber::spawn(move || one.run(read).unwrap_err().to_string());
                let thread = thread::spawn(move || {
                    two.run(|| {
                        time::sleep(LONG);
                        assert!(channel::never::<()>().recv().is_err());
                        read().unwrap_err().to_string()
                    })
                });
                (fiber, thread)
            })
            .unzip();
        time::sleep(Duration::from_millis(1));
        assert!(!fiber::is_cancelled());
        let canceller = token.clone();
        sisal::blocking(|| thread::spawn(move || canceller.cancel()).join().unwrap());
        assert!(fibers.into_iter().all(|fiber| fiber.join().unwrap() == "cancelled"));
        sisal::blocking(|| assert!(threads.into_iter().all(|thread| thread.join().unwrap() == "cancelled")));
    });
}

#[test]
fn a_thread_in_a_system_call_is_told_too() {
    let token = CancelToken::new();
    let under = token.clone();
    let start = Instant::now();
    let reader = thread::spawn(move || {
        let (mut stream, _other) = UnixStream::pair().unwrap();
        under.run(|| stream.read(&mut [0; 1])).unwrap_err().to_string()
    });
    thread::sleep(Duration::from_millis(20));
    token.cancel();
    assert_eq!(reader.join().unwrap(), "cancelled");
    assert!(start.elapsed() < LONG / 2);
}

#[test]
fn who_waits_for_a_token_is_woken_by_its_parent_too() {
    on_each_size(|| {
        let token = CancelToken::new();
        let waiters: Vec<_> = (0..20)
            .map(|n| {
                let token = if n % 2 == 0 { token.clone() } else { token.child().child() };
                fiber::spawn(move || {
                    token.wait();
                    token.is_cancelled()
                })
            })
            .collect();
        fiber::yield_now();
        assert!(!token.wait_timeout(Duration::from_millis(1)));
        token.cancel();
        assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
    });
}

#[test]
fn nested_tokens_scopes_and_shields() {
    on_each_size(|| {
        let (outer, inner) = (CancelToken::new(), CancelToken::new());
        outer.run(|| {
            inner.run(|| {
                fiber::scope(|s| {
                    let child = s.spawn(|| {
                        time::shield(|| assert!(!fiber::is_cancelled()));
                        time::sleep(LONG);
                    });
                    let shielded = time::shield(|| s.spawn(|| time::sleep(LONG)));
                    outer.cancel();
                    // The scope's fibers are the scope's, wherever they are spawned.
                    child.join().unwrap();
                    shielded.join().unwrap();
                });
                assert!(fiber::is_cancelled());
                time::shield(|| {
                    assert!(!fiber::is_cancelled());
                    inner.run(|| assert!(!fiber::is_cancelled()));
                    outer.run(|| assert!(fiber::is_cancelled()));
                });
            });
        });
        assert!(!inner.is_cancelled() && !fiber::is_cancelled());
    });
}

#[test]
fn one_early_return_for_each_thing_that_happens() {
    on_each_size(|| {
        let (outer, inner) = (CancelToken::new(), CancelToken::new());
        let pause = Duration::from_millis(1);
        let sleeps_full = || {
            let start = Instant::now();
            time::sleep(pause);
            start.elapsed() >= pause
        };
        outer.run(|| {
            inner.run(|| {
                inner.cancel();
                time::sleep(LONG);
                assert!(sleeps_full());
                outer.cancel();
                time::sleep(LONG);
                assert!(sleeps_full());
                time::with_deadline(Instant::now() + pause, || {
                    time::sleep(LONG);
                    assert!(sleeps_full());
                });
            });
            // The inner one has noticed it for this one too.
            assert!(fiber::is_cancelled() && sleeps_full());
        });
    });
}

common::in_simulations! {
    a_cancelled_scope_ends_all_its_fibers_and_those_to_come,
    a_tree_of_scopes_ends_from_its_root_and_detached_fibers_go_on,
    a_cancel_reaches_the_scopes_on_every_stack_of_a_fiber,
    one_child_is_cancelled_alone,
}
