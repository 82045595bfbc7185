//! Goal: a shutdown ends fibers by value from whatever state, names what it has to leave behind, and may come twice, from two
//! threads, from inside, or while another runtime talks to this one.
//! Method: runtimes of each size full of fibers in one state; the wait is bounded, and what is left is looked at.

mod common;

use common::{WORKERS, eventually};
use sisal::net::{TcpListener, UnixStream};
use sisal::runtime::{Runtime, StillRunning};
use sisal::sync::{Mutex, Notify};
use sisal::{channel, fiber, select, time};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(3600);
const ENOUGH: Duration = Duration::from_secs(20);

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().workers(workers).build().unwrap()
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Shuts runtimes down while fibers of theirs are in `state`, all of which end by themselves.
fn ends_from(state: impl Fn() + Clone + Send + 'static) {
    ends_from_tree(0, state);
}

/// The same for fibers that spawn others, once `live_min` have started.
fn ends_from_tree(live_min: usize, state: impl Fn() + Clone + Send + 'static) {
    for workers in WORKERS {
        let (runtime, started) = (runtime(workers), Arc::new(AtomicUsize::new(0)));
        let spawn = |_| {
            let (state, started) = (state.clone(), Arc::clone(&started));
            runtime.spawn(move || {
                started.fetch_add(1, SeqCst);
                state();
            })
        };
        let handles: Vec<_> = (0..20).map(spawn).collect();
        let all_run = || started.load(SeqCst) == handles.len() && runtime.handle().live_fibers() >= live_min;
        eventually("they run", all_run);
        runtime.shutdown_timeout(ENOUGH).unwrap();
        assert!(handles.into_iter().all(|handle| handle.join().is_ok()));
    }
}

#[test]
fn parked_asleep_and_ready() {
    ends_from(fiber::park);
    ends_from(|| time::sleep(LONG));
    ends_from(|| {
        while !fiber::is_cancelled() {
            fiber::yield_now();
        }
    });
}

#[test]
fn in_io() {
    ends_from(|| assert!(UnixStream::pair().unwrap().0.read(&mut [0; 1]).is_err()));
    ends_from(|| assert!(TcpListener::bind("127.0.0.1:0").unwrap().accept().is_err()));
}

#[test]
fn in_channels_and_selects() {
    ends_from(|| assert!(channel::never::<()>().recv().is_err()));
    ends_from(|| {
        let (sender, receiver) = channel::bounded(0);
        let failed = select! {
            send(sender, 1) -> sent => sent.is_err(),
            recv(channel::never::<i32>()) -> received => received.is_err(),
        };
        assert!(failed);
        drop(receiver);
    });
}

#[test]
fn in_the_pool() {
    ends_from(|| sisal::blocking(|| thread::sleep(Duration::from_millis(30))));
}

#[test]
fn holding_locks_that_others_wait_for() {
    let mutex = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&mutex);
    ends_from(move || {
        let mut count = theirs.lock();
        time::sleep(Duration::from_millis(1));
        *count += 1;
    });
    assert_eq!(*mutex.lock(), 20 * WORKERS.len());
}

#[test]
fn in_scopes_of_scopes() {
    ends_from_tree(60, || {
        fiber::scope(|s| {
            s.spawn(|| fiber::scope(|s| drop(s.spawn(|| time::sleep(LONG)))));
            time::sleep(LONG);
        });
    });
}

#[test]
fn spawning_more() {
    for workers in WORKERS {
        let runtime = runtime(workers);
        let spawned = Arc::new(AtomicUsize::new(0));
        for _ in 0..4 {
            let spawned = Arc::clone(&spawned);
            runtime.spawn(move || {
                while let Ok(handle) = fiber::Builder::new().spawn(|| time::sleep(LONG)) {
                    drop(handle);
                    spawned.fetch_add(1, SeqCst);
                    fiber::yield_now();
                }
            });
        }
        eventually("they spawn", || spawned.load(SeqCst) > 100);
        runtime.shutdown_timeout(ENOUGH).unwrap();
        assert_eq!(runtime.handle().live_fibers(), 0);
    }
}

#[test]
fn what_is_left_is_named_with_where_it_waits_and_where_it_was_spawned() {
    let runtime = runtime(1);
    let (held, notify) = (Arc::new(Mutex::new(())), Arc::new(Notify::new()));
    let (theirs, told) = (Arc::clone(&held), Arc::clone(&notify));
    let guard = held.lock();
    let waits =
        fiber::Builder::new().name("waits".into()).spawn_on(runtime.handle(), move || drop(theirs.lock()));
    let ignores = fiber::Builder::new().name("ignores".into()).spawn_on(runtime.handle(), move || {
        loop {
            told.wait();
        }
    });
    let (waits, _ignores) = (waits.unwrap(), ignores.unwrap());
    eventually("both have started", || runtime.handle().live_fibers() == 2);
    let StillRunning { mut fibers, hogged_workers, .. } =
        runtime.shutdown_timeout(Duration::from_millis(50)).unwrap_err();
    assert_eq!(hogged_workers, 0);
    fibers.sort_by_key(|fiber| fiber.name.clone());
    let names: Vec<_> = fibers.iter().map(|fiber| fiber.name.as_deref()).collect();
    assert_eq!(names, [Some("ignores"), Some("waits")]);
    assert!(fibers.iter().all(|fiber| fiber.spawned_at.file().ends_with("shutdown.rs")));
    let reasons: Vec<_> = fibers.iter().map(|fiber| fiber.waits_for.unwrap().to_string()).collect();
    assert!(reasons[0].starts_with("notify") && reasons[1].starts_with("mutex"), "{reasons:?}");
    // Nothing was unwound, and nothing runs any more.
    drop(guard);
    thread::sleep(Duration::from_millis(5));
    assert!(!waits.is_finished());
}

/// What a fiber that is left behind has borrowed stays: who has lent it never goes on.
#[test]
fn who_has_lent_to_what_is_left_behind_never_returns() {
    let ignores = |parked: &AtomicBool| {
        parked.store(true, SeqCst);
        while parked.load(SeqCst) {
            fiber::park();
        }
    };
    let (returned, parked) = (Arc::new(AtomicUsize::new(0)), Arc::new([const { AtomicBool::new(false) }; 2]));
    let of_scope = runtime(2);
    let (returns, parks) = (Arc::clone(&returned), Arc::clone(&parked));
    of_scope.spawn(move || {
        let lent = String::from("lent");
        fiber::scope(|s| drop(s.spawn(|| (lent.len(), ignores(&parks[0])))));
        returns.fetch_add(1, SeqCst);
    });
    // A `run` from a bare thread, which is left behind with it.
    let of_run = Arc::new(runtime(2));
    let (returns, parks, runs) = (Arc::clone(&returned), Arc::clone(&parked), Arc::clone(&of_run));
    thread::spawn(move || {
        let lent = String::from("lent");
        runs.run(|| (lent.len(), ignores(&parks[1])));
        returns.fetch_add(1, SeqCst);
    });
    eventually("both wait", || parked.iter().all(|parked| parked.load(SeqCst)));
    let left = of_scope.shutdown_timeout(Duration::from_millis(20)).unwrap_err();
    assert_eq!(left.fibers.len(), 2, "the child, and who waits for it: {left}");
    assert_eq!(of_run.shutdown_timeout(Duration::from_millis(20)).unwrap_err().fibers.len(), 1);
    thread::sleep(Duration::from_millis(20));
    assert_eq!(returned.load(SeqCst), 0);
}

#[test]
fn a_hogged_worker_is_counted() {
    let runtime = runtime(2);
    let (started, end) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (theirs, ended) = (Arc::clone(&started), Arc::clone(&end));
    runtime.spawn(move || {
        theirs.store(true, SeqCst);
        while !ended.load(SeqCst) {
            std::hint::spin_loop();
        }
    });
    eventually("it hogs", || started.load(SeqCst));
    let still_running = runtime.shutdown_timeout(Duration::from_millis(20)).unwrap_err();
    assert_eq!(still_running.hogged_workers, 1);
    end.store(true, SeqCst);
}

/// One that is blocked in the kernel, and uses none of a processor, is held nevertheless.
#[test]
fn a_worker_that_is_blocked_is_counted() {
    let runtime = runtime(2);
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let started = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&started);
    runtime.spawn(move || {
        theirs.store(true, SeqCst);
        let _ = ended.recv();
    });
    eventually("it blocks", || started.load(SeqCst));
    assert_eq!(runtime.shutdown_timeout(Duration::from_millis(20)).unwrap_err().hogged_workers, 1);
    drop(end);
}

#[test]
fn twice_and_from_two_threads() {
    for workers in WORKERS {
        let runtime = runtime(workers);
        (0..20).for_each(|_| drop(runtime.spawn(fiber::park)));
        thread::scope(|s| {
            (0..2).for_each(|_| drop(s.spawn(|| runtime.shutdown_timeout(ENOUGH).unwrap())));
        });
        runtime.shutdown_timeout(ENOUGH).unwrap();
        drop(runtime);
    }
}

#[test]
fn from_inside_a_fiber_and_from_a_fiber_of_another() {
    for workers in WORKERS {
        let inner = Arc::new(runtime(workers));
        let theirs = Arc::clone(&inner);
        let ends = inner.spawn(|| time::sleep(LONG));
        // It does not wait for its caller, which goes on.
        let value = inner.run(move || {
            theirs.shutdown_timeout(ENOUGH).unwrap();
            fiber::yield_now();
            5
        });
        assert_eq!(value, 5);
        // By value, or it was never run.
        let _ = ends.join();

        let (outer, inner) = (runtime(workers), runtime(workers));
        let asleep = inner.spawn(|| time::sleep(LONG));
        eventually("it sleeps", || inner.handle().live_fibers() == 1);
        outer.run(|| inner.shutdown_timeout(ENOUGH).unwrap());
        asleep.join().unwrap();
        outer.shutdown_timeout(ENOUGH).unwrap();
    }
}

#[test]
fn from_inside_a_fiber_beside_one_that_does_not_end() {
    for workers in WORKERS {
        let runtime = runtime(workers);
        let still_running = runtime.run(|| {
            let stuck = || loop {
                fiber::park();
            };
            drop(fiber::Builder::new().name("stuck".to_owned()).spawn(stuck).unwrap());
            while runtime.handle().live_fibers() < 2 {
                fiber::yield_now();
            }
            runtime.shutdown_timeout(Duration::from_millis(20)).unwrap_err()
        });
        let names: Vec<_> = still_running.fibers.iter().map(|fiber| fiber.name.as_deref()).collect();
        assert_eq!(names, [Some("stuck")]);
    }
}

#[test]
fn within_all_the_time_that_there_is() {
    let runtime = runtime(1);
    runtime.spawn(|| time::sleep(LONG));
    runtime.shutdown_timeout(Duration::MAX).unwrap();
}

#[test]
fn two_runtimes_with_channels_and_joins_across() {
    for first_goes_first in [true, false] {
        for workers in WORKERS {
            let (first, second) = (runtime(workers), runtime(workers));
            let (sender, receiver) = channel::bounded::<usize>(1);
            let (mut stream, _held) = UnixStream::pair().unwrap();
            // In the second: who waits for the first's messages, ends, and a socket.
            let received = second.spawn(move || receiver.iter().count());
            let ended = first.spawn(move || {
                let mut sent = 0;
                while !fiber::is_cancelled() && sender.send(sent).is_ok() {
                    sent += 1;
                }
                sent
            });
            let joined = second.spawn(move || ended.join());
            let read = second.spawn(move || stream.read(&mut [0; 1]).is_err());
            eventually("all run", || first.handle().live_fibers() == 1 && second.handle().live_fibers() == 3);
            time::sleep(Duration::from_millis(2));
            let (one, other) = if first_goes_first { (first, second) } else { (second, first) };
            one.shutdown_timeout(ENOUGH).unwrap();
            drop(one);
            other.shutdown_timeout(ENOUGH).unwrap();
            assert!(read.join().unwrap());
            let (sent, received) = (joined.join().unwrap().unwrap(), received.join().unwrap());
            // The one in the channel is lost if its receiver was the first to go.
            assert!(received <= sent && sent <= received + 2, "{sent} sent, {received} received");
        }
    }
}

#[test]
fn nothing_is_left_behind() {
    let (before, start) = (threads(), Instant::now());
    for _ in 0..20 {
        let runtime = runtime(4);
        (0..50).for_each(|_| drop(runtime.spawn(|| time::sleep(LONG))));
        runtime.run(|| sisal::blocking(|| ()));
        runtime.shutdown_timeout(ENOUGH).unwrap();
    }
    // Threads of other tests come and go beside this one; eighty workers and twenty monitors would show.
    eventually("the threads have gone", || threads() < before + 60);
    assert!(start.elapsed() < ENOUGH);
}

/// A result that nobody takes is dropped by its fiber, which may wait for that like anybody else.
#[test]
fn who_waits_in_the_drop_of_an_unwanted_result_is_waited_for() {
    struct Waits(Arc<AtomicUsize>);
    impl Drop for Waits {
        fn drop(&mut self) {
            fiber::sleep(Duration::from_millis(30));
            self.0.fetch_add(1, SeqCst);
        }
    }
    for workers in [1, 2] {
        let (runtime, dropped) = (runtime(workers), Arc::new(AtomicUsize::new(0)));
        let started = Arc::new(AtomicUsize::new(0));
        for _ in 0..10 {
            let (dropped, started) = (Arc::clone(&dropped), Arc::clone(&started));
            drop(runtime.spawn(move || {
                started.fetch_add(1, SeqCst);
                fiber::yield_now();
                Waits(dropped)
            }));
        }
        // One that has not is dropped unrun.
        while started.load(SeqCst) < 10 {
            runtime.run(|| fiber::sleep(Duration::from_millis(5)));
        }
        // The cancel of a shutdown cuts sleeps short, and ends nobody.
        runtime.shutdown_timeout(ENOUGH).unwrap();
        assert_eq!(dropped.load(SeqCst), 10);
    }
}
