//! Goal: a simulation is the same for the same seed, its time is virtual, and it fails when it should, with a report that says why.
//!
//! Method: programs over every kind of wait, run twice; traces of known seeds written down here, which debug and release builds must both
//! give; programs with one known fault.

use sisal::sync::{Condvar, Mutex, RwLock, Semaphore};
use sisal::{channel, fiber, select, sim, spawn, time};
use std::collections::HashSet;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Something of everything: spawn, scope, locks, channels, select, sleep, blocking.
fn program() -> u64 {
    let (tx, rx) = channel::bounded(2);
    let (done_tx, done_rx) = channel::bounded(0);
    let sum = Arc::new(Mutex::new(0));
    let gate = Arc::new(Semaphore::new(2));
    for producer in 0..4_u64 {
        let (tx, sum, gate, done) = (tx.clone(), Arc::clone(&sum), Arc::clone(&gate), done_tx.clone());
        drop(spawn(move || {
            for step in 0..5 {
                let _permit = gate.acquire();
                time::sleep(Duration::from_millis(producer * step));
                *sum.lock() += step;
                tx.send(producer * 10 + step).unwrap();
            }
            sisal::blocking(|| *sum.lock() += 1);
            done.send(()).unwrap();
        }));
    }
    drop((tx, done_tx));
    let (mut order, mut ended) = (0_u64, 0);
    while ended < 4 {
        select! {
            recv(rx) -> message => if let Ok(message) = message { order = order.wrapping_mul(31) + message },
            recv(done_rx) -> _ => ended += 1,
        }
    }
    order = rx.iter().fold(order, |order, message| order.wrapping_mul(31) + message);
    let lock = RwLock::new(0);
    fiber::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| *lock.write() += 1);
            s.spawn(|| assert!(*lock.read() <= 3));
        }
    });
    assert_eq!((*sum.lock(), *lock.read()), (4 * 10 + 4, 3));
    order
}

fn message(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it should have failed");
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).expect("a text")
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for workers in [1, 2, 4] {
        let builder = sim::Builder::new().workers(workers);
        let runs: Vec<_> = (0..100).map(|seed| builder.run(seed, program)).collect();
        let hashes: HashSet<_> = runs.iter().map(|(_, run)| run.trace_hash).collect();
        assert_eq!(hashes.len(), 100, "different seeds, different runs");
        for (seed, run) in runs.iter().enumerate() {
            assert_eq!(builder.run(seed as u64, program), *run, "seed {seed}");
        }
    }
}

/// One number for the traces of a thousand seeds: the same in each build, on each machine. It changes where the scheduler's
/// choices, or the program above, do.
#[test]
fn a_thousand_traces_are_known() {
    let traces = (0..1_000).map(|seed| sim::Builder::new().run(seed, program).1.trace_hash);
    let all = traces.fold(0_u64, |all, trace| all.rotate_left(5).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ trace);
    assert_eq!(all, 0xC346_20D9_57C0_7185, "{all:#x}");
}

#[test]
fn seeds_reach_many_orders() {
    let orders: HashSet<_> = (0..100).map(|seed| sim::run(seed, program)).collect();
    assert!(orders.len() > 50, "only {} orders", orders.len());
}

#[test]
fn the_trace_is_the_same_on_another_thread() {
    let here = sim::Builder::new().run(3, program).1;
    let there = std::thread::spawn(|| sim::Builder::new().run(3, program).1).join().unwrap();
    assert_eq!(here, there);
}

#[test]
fn a_day_costs_nothing() {
    let start = Instant::now();
    let ticks = sim::run(1, || {
        let mut interval = time::interval(Duration::from_secs(1));
        let ticks = (0..24 * 3600).map(|_| interval.tick()).count();
        assert!(sim::now() >= Duration::from_secs(24 * 3600 - 1));
        ticks
    });
    assert_eq!(ticks, 24 * 3600);
    // Not a measure of speed: a real day would be noticed.
    assert!(start.elapsed() < Duration::from_secs(600));
}

#[test]
fn time_is_the_simulations() {
    sim::run(2, || {
        let start = time::now();
        assert!(time::timeout(Duration::from_secs(60), || time::sleep(Duration::from_secs(3600))).is_err());
        let passed = time::now() - start;
        assert!(passed >= Duration::from_secs(60) && passed < Duration::from_secs(61), "{passed:?}");
        let (_tx, rx) = channel::bounded::<()>(1);
        assert!(rx.recv_timeout(Duration::from_secs(5)).is_err());
        assert!(channel::after(Duration::from_secs(7)).recv().is_ok());
        assert!(sim::now() >= Duration::from_secs(72));
    });
}

#[test]
fn a_deadline_of_the_real_clock_is_named() {
    let real = || Instant::now() + Duration::from_secs(3600);
    let waits: [(&str, &dyn Fn()); 6] = [
        ("sleep", &|| time::sleep_until(real())),
        ("receive", &|| assert!(channel::bounded::<()>(1).1.recv_deadline(real()).is_err())),
        ("receive the time", &|| assert!(channel::at(real()).recv().is_ok())),
        ("never receive", &|| assert!(channel::never::<()>().recv_deadline(real()).is_err())),
        ("lock", &|| {
            let lock = Mutex::new(());
            let _held = lock.lock();
            drop(lock.try_lock_until(real()));
        }),
        ("under a deadline", &|| {
            assert!(time::with_deadline(real(), || channel::never::<()>().recv()).is_err())
        }),
    ];
    for (what, wait) in waits {
        let program = || {
            fiber::scope(|s| {
                drop(s.spawn(|| time::sleep(Duration::from_secs(7))));
            });
            wait();
        };
        let text = message(|| sim::run(1, program));
        assert!(text.contains("fiber #1 'root' (spawned at crates/sisal/tests/sim.rs"), "{what}: {text}");
        assert!(
            text.contains("a deadline of the real clock") && text.contains("time::now()"),
            "{what}: {text}"
        );
    }
    // What is long over, by the right clock, is no error.
    sim::run(1, || {
        let (early, later) = (time::now(), time::now() + Duration::from_secs(1));
        time::sleep(Duration::from_secs(30 * 24 * 3600));
        time::sleep_until(early - Duration::from_secs(24 * 3600));
        assert!(channel::bounded::<()>(1).1.recv_deadline(later).is_err());
        assert!(channel::at(early).recv().is_ok());
    });
}

#[test]
fn futures_wait_for_the_simulations_time() {
    let start = Instant::now();
    sim::explore(0..100, || {
        let hour = Duration::from_secs(3600);
        sisal::block_on(async {
            channel::after(hour).recv_async().await.unwrap();
            let tick = channel::tick(hour);
            tick.recv_async().await.unwrap();
            tick.recv_async().await.unwrap();
        });
        assert!(sim::now() >= 3 * hour && sim::now() < 3 * hour + Duration::from_secs(1));
        // One that is dropped is not waited for.
        let never = channel::after(100 * hour);
        let mut dropped = Box::pin(never.recv_async());
        let polled = sisal::block_on(std::future::poll_fn(|context| {
            std::task::Poll::Ready(dropped.as_mut().poll(context).is_ready())
        }));
        assert!(!polled);
        drop(dropped);
        time::sleep(Duration::from_millis(1));
        assert!(sim::now() < 4 * hour);
    });
    assert!(start.elapsed() < Duration::from_secs(600));
}

#[test]
fn who_polls_sees_time_pass() {
    sim::explore(0..20, || {
        let alarm = spawn(|| time::sleep(Duration::from_millis(1)));
        while !alarm.is_finished() {
            sisal::yield_now();
        }
    });
}

#[test]
fn a_deadlock_is_reported_with_its_circle() {
    let abba = || {
        let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let first = fiber::Builder::new().name("first".into()).spawn({
            let (a, b) = (Arc::clone(&a), Arc::clone(&b));
            move || {
                let _a = a.lock();
                sisal::sleep(Duration::from_millis(1));
                drop(b.lock());
            }
        });
        let second = fiber::Builder::new().name("second".into()).spawn(move || {
            let _b = b.lock();
            sisal::sleep(Duration::from_millis(1));
            drop(a.lock());
        });
        first.unwrap().join().unwrap();
        second.unwrap().join().unwrap();
    };
    let fail = || message(|| sim::run(5, abba));
    let text = fail();
    assert!(text.contains("deadlock of 2 fibers"), "{text}");
    assert!(text.contains("'first'") && text.contains("'second'") && text.contains("sim.rs"), "{text}");
    assert!(text.contains("join of"), "{text}");
    assert!(!text.contains("0x"), "no addresses: {text}");
    assert_eq!(text, fail(), "the same report each time");
}

#[test]
fn a_wait_that_nobody_ends_is_reported() {
    let text = message(|| sim::run(1, fiber::park));
    assert!(
        text.contains("deadlock: all fibers are parked") && text.contains("'root', parked: park"),
        "{text}"
    );
}

#[test]
fn fibers_that_are_left_are_a_failure() {
    let leak = || {
        let (tx, rx) = channel::bounded::<()>(0);
        drop(fiber::Builder::new().name("forgotten".into()).spawn(move || rx.recv()).unwrap());
        std::mem::forget(tx);
    };
    let text = message(|| sim::run(1, leak));
    assert!(text.contains("'forgotten'") && text.contains("sim.rs"), "{text}");
    sim::Builder::new().allow_leaks(true).run(1, leak);
}

#[test]
fn panics_are_failures_joined_or_not() {
    assert_eq!(message(|| sim::run(1, || panic!("on purpose"))), "on purpose");
    let text = message(|| sim::run(1, || drop(spawn(|| panic!("nobody joins")))));
    assert!(text.contains("nobody joins"), "{text}");
    sim::run(1, || assert!(spawn(|| panic!("joined")).join().is_err()));
}

#[test]
fn an_endless_run_is_a_failure() {
    let text = message(|| {
        sim::Builder::new().turns_max(1_000).run(1, || {
            loop {
                sisal::yield_now();
            }
        });
    });
    assert!(text.contains("1000 turns"), "{text}");
}

#[test]
fn the_closure_may_borrow_and_its_result_comes_back() {
    let words = [String::from("green"), String::from("threads")];
    let total = sim::run(9, || {
        words
            .iter()
            .map(|word| {
                spawn({
                    let len = word.len();
                    move || len
                })
                .join()
                .unwrap()
            })
            .sum::<usize>()
    });
    assert_eq!(total, 12);
}

#[test]
fn run_inside_is_the_simulations_own() {
    sim::run(4, || assert!(sisal::run(sim::is_running)));
}

#[test]
fn a_real_socket_that_would_wait_is_an_error() {
    sim::run(1, || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listener = sisal::net::TcpListener::from(listener);
        let error = listener.accept().unwrap_err();
        assert!(error.to_string().contains("simulation"), "{error}");
    });
    // And outside all is as before.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let listener = sisal::net::TcpListener::from(listener);
    assert_eq!(listener.accept().unwrap().1, client.local_addr().unwrap());
}

#[test]
fn settle_waits_for_all_and_not_for_time() {
    sim::explore(0..50, || {
        let count = Arc::new(Mutex::new(0));
        let fibers: Vec<_> = (0..5)
            .map(|_| {
                let count = Arc::clone(&count);
                spawn(move || {
                    sisal::yield_now();
                    *count.lock() += 1;
                    time::sleep(Duration::from_secs(60));
                    *count.lock() += 1;
                })
            })
            .collect();
        sim::settle();
        assert_eq!(*count.lock(), 5);
        assert!(sim::now() < Duration::from_secs(1));
        sim::advance(Duration::from_secs(61));
        assert_eq!(*count.lock(), 10);
        fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
    });
}

#[test]
fn a_condition_variable_is_right_in_every_order() {
    sim::explore(0..300, || {
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        let waiter = spawn({
            let shared = Arc::clone(&shared);
            move || {
                let mut count = shared.0.lock();
                shared.1.wait_while(&mut count, |count| *count < 3);
            }
        });
        for _ in 0..3 {
            let shared = Arc::clone(&shared);
            drop(spawn(move || {
                *shared.0.lock() += 1;
                shared.1.notify_one();
            }));
        }
        waiter.join().unwrap();
    });
}
