//! What `run`, `spawn` and a `Runtime` promise at their beginnings and ends.

mod common;

use common::eventually;
use sisal::runtime::Runtime;
use sisal::sync::WaitGroup;
use sisal::{channel, fiber, go};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().workers(workers).build().unwrap()
}

#[test]
fn run_returns_when_its_fiber_ends_and_waits_for_no_other() {
    let runtime = runtime(2);
    let start = Instant::now();
    let value = runtime.run(|| {
        go!(|| fiber::sleep(Duration::from_secs(60)));
        5
    });
    assert_eq!(value, 5);
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn run_may_borrow() {
    let mut list = vec![1, 2, 3];
    let sum = sisal::run(|| {
        list.push(4);
        fiber::yield_now();
        list.iter().sum::<i32>()
    });
    assert_eq!((sum, list.len()), (10, 4));
}

#[test]
fn run_inside_a_fiber_parks_that_fiber_alone() {
    let (outer, inner) = (runtime(1), runtime(1));
    outer.run(|| {
        let other = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&other);
        go! {
            theirs.store(true, Relaxed);
        };
        // On the inner runtime, and on the outer one's own: both while the outer's single worker goes on.
        inner.run(|| eventually("the other fiber runs", || other.load(Relaxed)));
        assert_eq!(sisal::run(|| sisal::run(|| 3)), 3);
        assert_eq!(outer.run(|| 4), 4);
    });
}

#[test]
fn a_panic_of_run_resumes_in_its_caller() {
    let payload = catch_unwind(|| sisal::run(|| std::panic::panic_any(9_u8))).unwrap_err();
    assert_eq!(*payload.downcast::<u8>().unwrap(), 9);
}

#[test]
fn a_dropped_runtime_ends_its_fibers_by_value() {
    let runtime = runtime(2);
    let (sender, receiver) = channel::bounded::<u8>(0);
    let ends = Arc::new(AtomicUsize::new(0));
    for n in 0..20 {
        let (receiver, ends) = (receiver.clone(), Arc::clone(&ends));
        runtime.spawn(move || {
            match n % 3 {
                0 => assert!(receiver.recv().is_err()),
                1 => fiber::park(),
                _ => fiber::sleep(Duration::from_secs(3600)),
            }
            assert!(fiber::is_cancelled());
            ends.fetch_add(1, Relaxed);
        });
    }
    runtime.run(fiber::yield_now);
    eventually("all are parked", || runtime.handle().live_fibers() == 20);
    drop(runtime);
    assert_eq!(ends.load(Relaxed), 20);
    drop(sender);
}

#[test]
fn fresh_fibers_are_dropped_unrun_and_their_join_says_so() {
    let runtime = runtime(1);
    let (started, hold) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
    let (theirs, held) = (Arc::clone(&started), Arc::clone(&hold));
    runtime.spawn(move || {
        theirs.store(true, Relaxed);
        while held.load(Relaxed) {
            std::hint::spin_loop();
        }
    });
    eventually("the hog runs", || started.load(Relaxed));
    let fresh: Vec<_> = (0..10).map(|_| runtime.spawn(|| ())).collect();
    std::thread::scope(|s| {
        s.spawn(|| runtime.shutdown_timeout(Duration::from_secs(10)).unwrap());
        // A spawn that is refused in any case says why, and spawns nothing.
        let refusal = || fiber::Builder::new().stack_size(1).spawn_on(runtime.handle(), || ()).unwrap_err();
        eventually("the shutdown has begun", || refusal().to_string().contains("shut down"));
        hold.store(false, Relaxed);
    });
    for handle in fresh {
        let payload = handle.join().unwrap_err();
        assert!(payload.downcast_ref::<String>().unwrap().contains("shut down"));
    }
}

/// The end comes while workers move fresh fibers between their own queues and the common one.
#[test]
fn every_join_returns_wherever_the_end_finds_its_fiber() {
    for round in 0..20 {
        let runtime = runtime(1 + round % 3);
        let (send, handles) = channel::unbounded();
        let started = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&started);
        runtime.spawn(move || {
            for n in 1.. {
                let theirs = Arc::clone(&theirs);
                let spawned = fiber::Builder::new().spawn(move || theirs.fetch_add(1, Relaxed));
                let Ok(handle) = spawned else { break };
                send.send(handle).unwrap();
                if n % 64 == 0 {
                    fiber::yield_now();
                }
            }
        });
        eventually("some overflow", || started.load(Relaxed) > 40 * round);
        drop(runtime);
        let ran = handles.iter().filter_map(|handle| handle.join().ok()).count();
        assert_eq!(ran, started.load(Relaxed));
    }
}

#[test]
fn a_stopped_runtime_takes_no_fibers() {
    let runtime = runtime(2);
    let handle = runtime.handle().clone();
    drop(runtime);
    assert!(catch_unwind(AssertUnwindSafe(|| handle.spawn(|| ()))).is_err());
    let error = fiber::Builder::new().spawn_on(&handle, || ()).unwrap_err();
    assert!(error.to_string().contains("shut down"));
}

#[test]
fn what_does_not_end_is_leaked_and_named() {
    let runtime = runtime(2);
    let stubborn = runtime.handle().clone();
    fiber::Builder::new()
        .name("stubborn".into())
        .spawn_on(&stubborn, || {
            loop {
                fiber::park();
            }
        })
        .unwrap();
    eventually("it is parked", || runtime.handle().live_fibers() == 1);
    let still_running = runtime.shutdown_timeout(Duration::from_millis(20)).unwrap_err();
    assert_eq!(still_running.fibers.len(), 1);
    let text = still_running.to_string();
    assert!(text.contains("stubborn") && text.contains("lifecycle.rs") && text.contains("park"), "{text}");
    runtime.shutdown_timeout(Duration::ZERO).unwrap();
}

#[test]
fn a_shutdown_from_one_of_its_fibers_does_not_wait_for_that_fiber() {
    let runtime = Arc::new(runtime(2));
    let theirs = Arc::clone(&runtime);
    let handle = runtime.spawn(move || theirs.shutdown_timeout(Duration::from_secs(5)).is_ok());
    assert!(handle.join().unwrap());
}

#[test]
fn runtimes_come_and_go() {
    for round in 0..30 {
        let runtime = runtime(1 + round % 4);
        let handles: Vec<_> = (0..20).map(|n| runtime.spawn(move || n)).collect();
        drop(runtime);
        // Each was run or dropped; no join hangs.
        handles.into_iter().for_each(|handle| drop(handle.join()));
    }
}

#[test]
fn settings_out_of_bounds_are_errors_that_say_so() {
    let error = Runtime::builder().workers(0).build().unwrap_err();
    assert!(error.to_string().contains("0 workers"), "{error}");
    let error = Runtime::builder().stack_size(1).build().unwrap_err();
    assert!(error.to_string().contains('1'), "{error}");
    let builders = [
        (Runtime::builder().thread_name("a\0b"), "thread_name"),
        (Runtime::builder().root_stack_size(0), "root_stack_size"),
    ];
    for (builder, setting) in builders {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(setting), "{error}");
    }
}

/// Else a burst goes straight through.
#[test]
fn the_limit_of_fibers_counts_those_that_have_not_started() {
    const MAX: usize = 10;
    let limited = |workers| Runtime::builder().workers(workers).max_fibers(MAX).build().unwrap();
    let join = |handles: Vec<fiber::JoinHandle<()>>| {
        handles.into_iter().map(|handle| handle.join().unwrap()).count()
    };
    let runtime = limited(1);
    for _ in 0..2 {
        let burst = || (0..3 * MAX).map_while(|_| fiber::Builder::new().spawn(|| ()).ok()).collect();
        assert_eq!(runtime.run(|| join(burst())), MAX - 1, "and the one that spawns");
    }
    // To the worker on which the spawner runs, so that none can start meanwhile.
    let sent = || {
        let home = fiber::current().home().unwrap();
        (0..3 * MAX).map_while(|_| fiber::Builder::new().home(home).spawn(|| ()).ok()).collect()
    };
    assert_eq!(limited(2).run(|| join(sent())), MAX - 1, "left for a certain worker");
    // Holds the worker, and not only its fiber: at a cooperative yield point one of the others could start and end meanwhile.
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let (start, started) = channel::bounded(0);
    let holds = runtime.spawn(move || {
        start.send(()).unwrap();
        stopped.recv().unwrap_err();
    });
    started.recv().unwrap();
    let others: Vec<_> =
        (0..3 * MAX).map_while(|_| fiber::Builder::new().spawn_on(runtime.handle(), || ()).ok()).collect();
    assert_eq!(others.len(), MAX - 1, "from outside");
    drop(stop);
    holds.join().unwrap();
    others.into_iter().for_each(|handle| handle.join().unwrap());
}

#[test]
fn the_limit_of_fibers_is_an_error_that_names_its_knob() {
    let runtime = Runtime::builder().workers(1).max_fibers(3).build().unwrap();
    runtime.run(|| {
        let started = WaitGroup::new();
        let park = |started| {
            go!(move || {
                drop(started);
                fiber::park();
            })
        };
        let parked = [park(started.clone()), park(started.clone())];
        started.wait();
        let error = fiber::Builder::new().spawn(|| ()).unwrap_err();
        assert!(error.to_string().contains("max_fibers"), "{error}");
        parked.iter().for_each(|handle| handle.fiber().unpark());
        parked.into_iter().for_each(|handle| handle.join().unwrap());
        assert!(fiber::Builder::new().spawn(|| ()).is_ok());
    });
}
