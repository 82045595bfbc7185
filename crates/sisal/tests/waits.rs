//! Goal: each kind of wait ends as it should, whatever meets it: its event, its time, a cancel, another wait.
//!
//! Method: small programs in which two or three ways to end meet, with a count at the end that must be right; on runtimes of each size, and in
//! simulations, which try more orders than any machine does.

mod common;

use common::{on_each_size, some};
use sisal::fiber::CancelToken;
use sisal::sync::{Barrier, Condvar, Mutex, Notify, OnceLock, RwLock, RwLockUpgradableReadGuard, Semaphore};
use sisal::{block_on, channel, fiber, select, time};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// About as long as what it meets.
const SHORT: Duration = Duration::from_micros(40);

fn rounds() -> usize {
    some(50, 3)
}

#[test]
fn a_mutex_and_its_timeout() {
    on_each_size(|| {
        let (count, entered) = (Mutex::new(0), AtomicUsize::new(0));
        fiber::scope(|s| {
            for n in 0..4 {
                let (count, entered) = (&count, &entered);
                s.spawn(move || {
                    for _ in 0..rounds() {
                        let guard = if n % 2 == 0 { Some(count.lock()) } else { count.try_lock_for(SHORT) };
                        if let Some(mut guard) = guard {
                            let seen = *guard;
                            time::sleep(SHORT);
                            *guard = seen + 1;
                            entered.fetch_add(1, Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(*count.lock(), entered.load(Relaxed));
        assert!(entered.load(Relaxed) >= 2 * rounds());
    });
}

/// Who is called when the lock is free comes after all others: nobody will call it again.
#[test]
fn a_mutex_that_is_let_go_for_good() {
    on_each_size(|| {
        for _ in 0..rounds() {
            let count = Mutex::new(0);
            fiber::scope(|s| {
                for _ in 0..2 {
                    s.spawn(|| {
                        let mut guard = count.lock();
                        fiber::yield_now();
                        *guard += 1;
                    });
                }
            });
            assert_eq!(*count.lock(), 2);
        }
    });
}

#[test]
fn readers_a_writer_and_an_upgrade() {
    on_each_size(|| {
        let lock = RwLock::new((0, 0));
        fiber::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    for _ in 0..rounds() {
                        let both = lock.read();
                        fiber::yield_now();
                        assert_eq!(both.0, both.1);
                    }
                });
            }
            s.spawn(|| {
                for _ in 0..rounds() {
                    let guard = lock.upgradable_read();
                    let seen = guard.0;
                    fiber::yield_now();
                    let mut both = RwLockUpgradableReadGuard::upgrade(guard);
                    assert_eq!(both.0, seen);
                    both.0 += 1;
                    fiber::yield_now();
                    both.1 += 1;
                }
            });
            s.spawn(|| {
                for _ in 0..rounds() {
                    if let Some(mut both) = lock.try_write_for(SHORT) {
                        both.0 -= 1;
                        fiber::yield_now();
                        both.1 -= 1;
                    }
                }
            });
        });
        let both = lock.read();
        assert_eq!(both.0, both.1);
    });
}

#[test]
fn permits_one_by_one_and_many_at_once() {
    on_each_size(|| {
        let (semaphore, inside) = (Semaphore::new(3), AtomicUsize::new(0));
        let enter = |count: usize| {
            assert!(inside.fetch_add(count, Relaxed) + count <= 3);
            fiber::yield_now();
            inside.fetch_sub(count, Relaxed);
        };
        fiber::scope(|s| {
            for n in 0..5 {
                let (semaphore, enter) = (&semaphore, &enter);
                s.spawn(move || {
                    for _ in 0..rounds() {
                        let count = 1 + n % 3;
                        let permits = match n {
                            0 => semaphore.try_acquire_for(SHORT),
                            1 => semaphore.try_acquire_many_for(2, SHORT),
                            _ => Some(semaphore.acquire_many(count)),
                        };
                        if permits.is_some() {
                            enter(count);
                        }
                    }
                });
            }
        });
        assert_eq!(semaphore.available(), 3);
    });
}

#[test]
fn a_notice_and_its_timeout() {
    on_each_size(|| {
        let (tokens, changed) = (Mutex::new(0), Condvar::new());
        let taken = AtomicUsize::new(0);
        let total = 4 * rounds();
        fiber::scope(|s| {
            for n in 0..3 {
                let (tokens, changed, taken) = (&tokens, &changed, &taken);
                s.spawn(move || {
                    while taken.load(Relaxed) < total {
                        let mut tokens = tokens.lock();
                        if *tokens > 0 {
                            *tokens -= 1;
                            if taken.fetch_add(1, Relaxed) + 1 == total {
                                changed.notify_all();
                            }
                        } else if n == 0 {
                            let _ = changed.wait_for(&mut tokens, SHORT);
                        } else if taken.load(Relaxed) < total {
                            changed.wait(&mut tokens);
                        }
                    }
                });
            }
            for _ in 0..total {
                *tokens.lock() += 1;
                changed.notify_one();
                fiber::yield_now();
            }
        });
        assert_eq!((taken.load(Relaxed), *tokens.lock()), (total, 0));
    });
}

#[test]
fn all_at_a_barrier_again_and_again() {
    on_each_size(|| {
        let (barrier, arrived) = (Barrier::new(3), AtomicUsize::new(0));
        fiber::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| {
                    for round in 0..rounds() {
                        arrived.fetch_add(1, Relaxed);
                        barrier.wait();
                        assert!(arrived.load(Relaxed) >= 3 * (round + 1));
                    }
                });
            }
        });
    });
}

#[test]
fn a_notice_to_nobody_is_kept() {
    on_each_size(|| {
        let (notify, woken) = (Notify::new(), AtomicUsize::new(0));
        fiber::scope(|s| {
            let waiter = s.spawn(|| {
                for _ in 0..rounds() {
                    notify.wait();
                    woken.fetch_add(1, Relaxed);
                }
            });
            while !waiter.is_finished() {
                notify.notify_one();
                fiber::yield_now();
            }
        });
        assert_eq!(woken.load(Relaxed), rounds());
    });
}

#[test]
fn once_and_never_twice() {
    on_each_size(|| {
        for _ in 0..rounds() {
            let (once, made) = (OnceLock::new(), AtomicUsize::new(0));
            fiber::scope(|s| {
                for _ in 0..3 {
                    s.spawn(|| {
                        let value = once.get_or_init(|| {
                            fiber::yield_now();
                            made.fetch_add(1, Relaxed) + 7
                        });
                        assert_eq!(*value, 7);
                    });
                }
            });
        }
    });
}

#[test]
fn cancels_that_meet_what_they_cancel() {
    on_each_size(|| {
        for _ in 0..rounds() {
            let token = CancelToken::new();
            let child = token.child();
            let (tx, rx) = channel::bounded::<()>(0);
            fiber::scope(|s| {
                s.spawn(|| token.run(|| assert!(rx.recv().is_err())));
                s.spawn(|| child.run(|| assert!(channel::never::<()>().recv().is_err())));
                s.spawn(|| {
                    let inner = s.spawn(|| token.child().run(fiber::park));
                    inner.join().unwrap();
                });
                s.spawn(|| select! { recv(token) -> _ => {}, recv(rx) -> _ => unreachable!() });
                fiber::yield_now();
                token.cancel();
            });
            drop(tx);
            // A fiber that is asked to end while it begins to wait, or opens a scope.
            let handle = fiber::spawn(|| {
                fiber::scope(|s| drop(s.spawn(|| time::sleep(Duration::from_secs(3600)))));
                fiber::is_cancelled()
            });
            fiber::yield_now();
            handle.cancel();
            assert!(handle.join().unwrap());
        }
    });
}

#[test]
fn ends_of_fibers_that_meet_who_waits_for_them() {
    on_each_size(|| {
        for _ in 0..rounds() {
            let mut first = fiber::spawn(|| 1);
            let mut second = fiber::spawn(|| {
                fiber::yield_now();
                2
            });
            let sum = select! {
                recv(first) -> one => one.unwrap() + second.join().unwrap(),
                recv(second) -> two => two.unwrap() + block_on(first).unwrap(),
            };
            assert_eq!(sum, 3);
            // A handle that is polled in one place and waited for in another.
            let (late, given) = channel::bounded(1);
            let third = fiber::spawn(move || late.send(3).unwrap());
            let mut third = Box::pin(third);
            let early = block_on(std::future::poll_fn(|context| {
                std::task::Poll::Ready(std::future::Future::poll(third.as_mut(), context).is_ready())
            }));
            if !early {
                block_on(third).unwrap();
            }
            assert_eq!(given.recv(), Ok(3));
        }
    });
}

#[test]
fn a_call_to_all_reaches_many() {
    on_each_size(|| {
        let (open, changed) = (Mutex::new(false), Condvar::new());
        fiber::scope(|s| {
            for _ in 0..70 {
                s.spawn(|| {
                    let mut open = open.lock();
                    changed.wait_while(&mut open, |open| !*open);
                });
            }
            fiber::yield_now();
            *open.lock() = true;
            changed.notify_all();
        });
    });
}

common::in_simulations! {
    a_mutex_and_its_timeout,
    a_mutex_that_is_let_go_for_good,
    readers_a_writer_and_an_upgrade,
    permits_one_by_one_and_many_at_once,
    a_notice_and_its_timeout,
    all_at_a_barrier_again_and_again,
    a_notice_to_nobody_is_kept,
    once_and_never_twice,
    cancels_that_meet_what_they_cancel,
    ends_of_fibers_that_meet_who_waits_for_them,
    a_call_to_all_reaches_many,
}
