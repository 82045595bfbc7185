//! Goal: the blocking pool keeps its bounds, grows and shrinks, knows whose it is, and a full one is no deadlock.
//! Method: pools of one to three threads, and jobs that meet each other.

mod common;

use common::{eventually, on, on_each_size};
use sisal::runtime::Runtime;
use sisal::{blocking, channel, fiber, spawn_blocking, sync, time};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

fn with_threads<T: Send>(threads: usize, test: impl FnOnce() -> T + Send) -> T {
    let builder = Runtime::builder().workers(2).blocking_threads(threads);
    let runtime = builder.blocking_keep_alive(Duration::from_millis(20)).build().unwrap();
    let result = runtime.run(test);
    runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
    result
}

/// Threads of this process's pools, by the name they carry.
fn pool_threads() -> usize {
    let names = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = names.filter_map(|entry| std::fs::read_to_string(entry.path().join("comm")).ok());
    names.filter(|name| name.trim() == "sisal-blocking").count()
}

#[test]
fn the_bound_holds_for_jobs_that_block_in_the_kernel() {
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    with_threads(3, || {
        fiber::scope(|s| {
            for _ in 0..60 {
                s.spawn(|| {
                    blocking(|| {
                        most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                        thread::sleep(Duration::from_micros(300));
                        running.fetch_sub(1, SeqCst);
                    });
                });
            }
        });
    });
    assert!(most.into_inner() <= 3);
}

#[test]
fn as_many_jobs_as_threads_run_at_once() {
    with_threads(3, || {
        // std's: each needs a thread of its own.
        let all_here = Barrier::new(3);
        fiber::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| blocking(|| all_here.wait()));
            }
        });
    });
}

#[test]
fn jobs_that_wait_for_later_ones_come_to_their_end() {
    const JOBS: usize = 40;
    with_threads(2, || {
        let group = sync::Barrier::new(JOBS);
        let (sender, receiver) = channel::bounded(0);
        fiber::scope(|s| {
            for n in 0..JOBS {
                let (group, sender) = (&group, sender.clone());
                s.spawn(move || {
                    blocking(|| {
                        // All of them, of which two have a thread.
                        group.wait();
                        sender.send(n).unwrap();
                    });
                });
            }
            drop(sender);
            let sum: usize = s.spawn(|| blocking(|| receiver.iter().sum())).join().unwrap();
            assert_eq!(sum, JOBS * (JOBS - 1) / 2);
        });
    });
}

#[test]
fn blocking_within_blocking_needs_no_second_thread() {
    with_threads(1, || {
        let (outer, inner) = blocking(|| (thread::current().id(), blocking(|| thread::current().id())));
        assert_eq!(outer, inner);
    });
}

#[test]
fn what_a_job_spawns_runs_on_the_runtime_of_its_caller() {
    let runtime = Runtime::builder().workers(1).thread_name("own").build().unwrap();
    let thread_name = || thread::current().name().map(str::to_owned);
    let (from_job, from_job_in_scope) = runtime.run(|| {
        blocking(|| {
            let own = fiber::spawn(thread_name).join().unwrap();
            let deeper = fiber::scope(|s| {
                s.spawn(|| blocking(|| fiber::spawn(thread_name).join().unwrap())).join().unwrap()
            });
            (own, deeper)
        })
    });
    assert_eq!(from_job.as_deref(), Some("own-0"));
    assert_eq!(from_job_in_scope.as_deref(), Some("own-0"));
}

#[test]
fn the_pool_shrinks_when_idle() {
    with_threads(8, || {
        let all_here = Barrier::new(8);
        fiber::scope(|s| {
            for _ in 0..8 {
                s.spawn(|| {
                    blocking(|| {
                        all_here.wait();
                        assert!(pool_threads() >= 8);
                    });
                });
            }
        });
    });
    // Those of the other tests end too.
    eventually("no thread of a pool is left", || pool_threads() == 0);
}

#[test]
fn a_handle_to_a_blocking_call() {
    on_each_size(|| {
        let calls: Vec<_> = (0..20).map(|n| spawn_blocking(move || n * n)).collect();
        assert_eq!(calls.into_iter().map(|call| call.join().unwrap()).sum::<i32>(), 2470);
        let payload = spawn_blocking(|| panic!("from the pool")).join().unwrap_err();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "from the pool");
        let (sender, receiver) = channel::bounded(1);
        drop(spawn_blocking(move || sender.send(1)));
        assert_eq!(receiver.recv(), Ok(1), "it goes on when nobody waits");
    });
}

#[test]
fn a_wait_for_such_a_handle_ends_by_a_cancel_and_a_deadline_and_the_call_goes_on() {
    let (end, ends) = std::sync::mpsc::channel::<()>();
    on(1, || {
        let call = spawn_blocking(move || ends.recv().unwrap());
        let waits = fiber::spawn(move || call.join_timeout(Duration::from_secs(3_600)));
        fiber::yield_now();
        waits.cancel();
        let call = waits.join().unwrap().unwrap_err();
        let begun = time::now();
        let call = time::with_deadline(begun + Duration::from_millis(5), || {
            call.join_timeout(Duration::from_secs(3_600)).unwrap_err()
        });
        assert!(time::now() >= begun + Duration::from_millis(5) && !call.is_finished());
        end.send(()).unwrap();
        call.join_timeout(Duration::from_secs(60)).unwrap().unwrap();
    });
}
