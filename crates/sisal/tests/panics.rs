//! Goal: a panic that nobody joins is reported as its runtime says, and no other; a panic in a user's callback leaves every
//! lock released and the runtime whole.
//! Method: a policy that collects; children of this test where the process ends or stderr is looked at; each callback panics.

mod common;

use common::{eventually, on_each_size};
use sisal::runtime::{PanicPolicy, Runtime, UnjoinedPanic};
use sisal::sync::{Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use sisal::{channel, fiber, fiber_local, go, select, time};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

const CHILD: &str = "SISAL_TEST_PANICS";

/// This test alone, in a process of its own.
fn child(test: &str) -> Output {
    let program = std::env::current_exe().unwrap();
    Command::new(program).args(["--exact", test, "--nocapture"]).env(CHILD, "1").output().unwrap()
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

fn with_policy(workers: usize, policy: PanicPolicy) -> Runtime {
    Runtime::builder().workers(workers).on_panic(policy).build().unwrap()
}

type Seen = Arc<std::sync::Mutex<Vec<String>>>;

fn collecting(workers: usize) -> (Runtime, Seen) {
    let seen = Seen::default();
    let theirs = Arc::clone(&seen);
    let collect = move |panic: &UnjoinedPanic<'_>| theirs.lock().unwrap().push(panic.to_string());
    (with_policy(workers, PanicPolicy::Callback(Box::new(collect))), seen)
}

#[test]
fn the_default_is_a_line_with_name_and_place() {
    if is_child() {
        let runtime = Runtime::builder().workers(1).build().unwrap();
        let named =
            fiber::Builder::new().name("unlucky".into()).spawn_on(runtime.handle(), || panic!("on purpose"));
        drop(named.unwrap());
        assert_eq!(runtime.run(|| 7), 7);
        runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
        return;
    }
    let output = child("the_default_is_a_line_with_name_and_place");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let line = text
        .lines()
        .find(|line| line.contains("nobody joins"))
        .unwrap_or_else(|| panic!("no line in {text}"));
    for part in ["sisal: fiber unlucky", "panics.rs:", "nobody joins it", "on purpose"] {
        assert!(line.contains(part), "{part} is not in: {line}");
    }
}

#[test]
fn a_callback_is_told_of_those_that_nobody_joins_and_of_no_others() {
    for workers in common::WORKERS {
        let (runtime, seen) = collecting(workers);
        let detached = runtime.spawn(|| panic!("detached"));
        drop(detached);
        eventually("it is told", || seen.lock().unwrap().len() == 1);
        // One whose handle is dropped only after its end.
        let late = runtime.spawn(|| panic_any(5_u8));
        eventually("it has ended", || late.is_finished());
        assert_eq!(seen.lock().unwrap().len(), 1);
        drop(late);
        assert_eq!(seen.lock().unwrap().len(), 2);
        // Joined; of a scope; of `run`; and one that ended well.
        assert!(runtime.spawn(|| panic!("joined")).join().is_err());
        let scoped = || runtime.run(|| fiber::scope(|s| drop(s.spawn(|| panic!("scoped")))));
        assert!(catch_unwind(AssertUnwindSafe(scoped)).is_err());
        drop(runtime.spawn(|| 1));
        runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert!(seen[0].contains("detached") && seen[1].contains("(no text)"));
    }
}

#[test]
fn a_fiber_that_never_ran_has_not_panicked() {
    let (runtime, seen) = collecting(1);
    let (started, go_on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (theirs, held) = (Arc::clone(&started), Arc::clone(&go_on));
    drop(runtime.spawn(move || {
        theirs.store(true, SeqCst);
        while !held.load(SeqCst) {
            std::hint::spin_loop();
        }
    }));
    eventually("the hog runs", || started.load(SeqCst));
    (0..10).for_each(|_| drop(runtime.spawn(|| unreachable!("never run"))));
    std::thread::scope(|s| {
        s.spawn(|| runtime.shutdown_timeout(Duration::from_secs(10)).unwrap());
        let refused = || fiber::Builder::new().spawn_on(runtime.handle(), || ()).is_err();
        eventually("the shutdown has begun", refused);
        go_on.store(true, SeqCst);
    });
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn a_callback_that_panics_harms_nobody() {
    let runtime = with_policy(2, PanicPolicy::Callback(Box::new(|_| panic!("the callback's own"))));
    (0..10).for_each(|_| drop(runtime.spawn(|| panic!("on purpose"))));
    assert_eq!(runtime.run(|| go!(|| 3).join().unwrap()), 3);
    runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
}

#[test]
fn shutdown_ends_the_others_by_value() {
    for workers in common::WORKERS {
        let runtime = with_policy(workers, PanicPolicy::Shutdown);
        let ended = runtime.spawn(|| channel::never::<()>().recv().is_err() && fiber::is_cancelled());
        drop(runtime.spawn(|| panic!("on purpose")));
        assert!(ended.join().unwrap_or(true));
        eventually("no more work is taken", || {
            fiber::Builder::new().spawn_on(runtime.handle(), || ()).is_err()
        });
        runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
    }
}

#[test]
fn abort_ends_the_process_after_the_line() {
    if is_child() {
        let runtime = with_policy(1, PanicPolicy::Abort);
        drop(runtime.spawn(|| panic!("on purpose")));
        loop {
            std::thread::park();
        }
    }
    let output = child("abort_ends_the_process_after_the_line");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(6), "{text}");
    assert!(text.contains("nobody joins it: on purpose"), "{text}");
}

/// Calls `panics`, which does, on fibers of each size of runtime, beside others that go on.
fn harms_nobody(panics: impl Fn() + Sync) {
    on_each_size(|| {
        let beside = go!(|| (0..100).for_each(|_| fiber::yield_now()));
        for _ in 0..3 {
            assert!(catch_unwind(AssertUnwindSafe(&panics)).is_err());
        }
        assert!(fiber::scope(|s| s.spawn(&panics).join()).is_err());
        beside.join().unwrap();
        assert_eq!(go!(|| 1).join().unwrap(), 1);
    });
}

#[test]
fn in_the_arms_of_a_select() {
    let (sender, receiver) = channel::bounded(1);
    harms_nobody(|| {
        sender.send(1).unwrap();
        select! { recv(receiver) -> _ => panic!("in a body") }
    });
    let evaluated: fn() -> i32 = || panic!("in a message");
    harms_nobody(|| {
        select! { send(sender, evaluated()) -> _ => unreachable!("there is no message") }
    });
    // Neither has taken or left anything.
    assert!(receiver.is_empty() && sender.try_send(1).is_ok() && receiver.try_recv() == Ok(1));
}

#[test]
fn in_the_predicates_and_sections_of_locks() {
    let (mutex, condvar, lock) = (Mutex::new(0), Condvar::new(), RwLock::new(0));
    harms_nobody(|| condvar.wait_while(&mut mutex.lock(), |_| panic!("in a predicate")));
    harms_nobody(|| {
        let _guard = mutex.lock();
        panic!("in a section");
    });
    harms_nobody(|| {
        let _guard = lock.write();
        panic!("in a section");
    });
    assert!(mutex.try_lock().is_some() && lock.try_write().is_some());
}

#[test]
fn in_initialisations() {
    static LAZY: LazyLock<u8> = LazyLock::new(|| panic!("in a lazy value"));
    let cell = OnceLock::<u8>::new();
    harms_nobody(|| Once::new().call_once(|| panic!("in a `Once`")));
    harms_nobody(|| {
        cell.get_or_init(|| panic!("in a `OnceLock`"));
    });
    harms_nobody(|| {
        let _ = *LAZY;
    });
    assert_eq!(cell.set(1), Ok(()));
}

#[test]
fn in_scopes_and_blocking_calls() {
    let runs = AtomicUsize::new(0);
    harms_nobody(|| {
        fiber::scope(|s| {
            s.spawn(|| runs.fetch_add(1, SeqCst));
            panic!("in a body");
        })
    });
    assert!(runs.load(SeqCst) > 0);
    harms_nobody(|| sisal::blocking(|| panic!("in a blocking call")));
    harms_nobody(|| {
        time::with_deadline(time::now(), || fiber::CancelToken::new().run(|| panic!("under both")))
    });
    on_each_size(|| assert!(!fiber::is_cancelled()));
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_any(PanicsInDrop);
        }
    }
}

fiber_local! {
    static FAILS: u8 = panic!("in a fiber-local's first value");
    static FAILS_LATE: PanicsInDrop = PanicsInDrop;
}

#[test]
fn in_fiber_locals_results_and_payloads() {
    harms_nobody(|| FAILS.with(|_| ()));
    on_each_size(|| {
        for _ in 0..3 {
            assert!(go!(|| FAILS_LATE.with(|_| 5)).join().is_ok());
            // A result whose drop panics, and a payload whose drop panics, that nobody wants.
            drop(go!(|| PanicsInDrop));
            drop(go!(|| panic_any(PanicsInDrop)));
            fiber::yield_now();
        }
        assert_eq!(go!(|| 1).join().unwrap(), 1);
    });
}

#[test]
fn in_the_hook_of_a_worker_thread() {
    let runtime = Runtime::builder().workers(2).on_thread_start(|_| panic!("in the hook")).build().unwrap();
    assert_eq!(
        runtime.run(|| (0..100).map(|n| go!(move || n)).map(|h| h.join().unwrap()).sum::<i32>()),
        4950
    );
    runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
}
