//! Goal: a program of fibers that all wait for one another ends with a panic that names them; one in which anybody is left who
//! could wake a fiber does not.
//! Method: children of this test, which fork, so that they have no thread besides. Those that must go on are woken, by each of the possible
//! means, only after the detector has looked several times.

#![cfg(target_os = "linux")]

mod common;

use sisal::runtime::Runtime;
use sisal::sync::{Condvar, Mutex};
use sisal::{channel, fiber, go};
use std::io::{self, BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{self, Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const CHILD: &str = "SISAL_TEST_DEADLOCK_WORKERS";
/// The detector looks after 200 ms in which all sleep, and again after as many more.
const LONG: Duration = Duration::from_millis(700);

/// This test alone, in a process of its own.
fn command(test: &str, workers: usize) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "60"]).arg(program).args(["--exact", test, "--nocapture"]);
    command.env(CHILD, workers.to_string()).env_remove("SISAL_CHAOS");
    command
}

/// Runs `f` in a process that has no other thread: the test harness keeps one beside this one, and a fork does not copy it.
fn alone(f: impl FnOnce()) -> ! {
    // SAFETY: the harness's thread waits for this one and holds no lock.
    match unsafe { libc::fork() } {
        0 => {
            let is_well = catch_unwind(AssertUnwindSafe(f)).is_ok();
            // SAFETY: ends the process, without what the harness has registered in another.
            unsafe { libc::_exit(if is_well { 0 } else { 101 }) }
        }
        pid => {
            let mut status = 0;
            // SAFETY: our own child.
            unsafe { libc::waitpid(pid, &raw mut status, 0) };
            // As a shell says it.
            let signal = libc::WTERMSIG(status);
            process::exit(if signal == 0 { libc::WEXITSTATUS(status) } else { 128 + signal })
        }
    }
}

/// Runs `f` in children with 1, 2 and 4 workers, whose output it gives.
fn in_children(test: &str, f: impl FnOnce(&Runtime)) -> Vec<Output> {
    if let Ok(workers) = std::env::var(CHILD) {
        alone(|| {
            let workers = workers.parse().unwrap();
            let runtime = Runtime::builder().workers(workers).detect_deadlock(true).build().unwrap();
            f(&runtime);
            runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
        });
    }
    common::WORKERS.into_iter().map(|workers| command(test, workers).output().unwrap()).collect()
}

fn ends_with(test: &str, parts: &[&str], f: impl FnOnce(&Runtime)) {
    for output in in_children(test, f) {
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(128 + libc::SIGABRT), "{text}");
        for part in parts.iter().chain(&["deadlock", "detect_deadlock", "deadlock.rs:"]) {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }
}

fn goes_on(test: &str, f: impl FnOnce(&Runtime)) {
    for output in in_children(test, f) {
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{} {text}", output.status);
        assert!(!text.contains("deadlock"), "{text}");
    }
}

const DOUBT: &str = "sisal: all fibers wait";

/// Runs `f` in children whose standard input ends once they have said that only a thread outside could wake a fiber.
fn doubts_and_goes_on(test: &str, f: impl FnOnce(&Runtime)) {
    if std::env::var_os(CHILD).is_some() {
        in_children(test, f);
    }
    for workers in common::WORKERS {
        let mut child = command(test, workers)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, mut stderr) = (child.stdin.take(), BufReader::new(child.stderr.take().unwrap()));
        let mut text = String::new();
        while !text.contains(DOUBT) && stderr.read_line(&mut text).unwrap() > 0 {}
        drop(stdin);
        stderr.read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success(), "{text}");
        assert_eq!(text.matches(DOUBT).count(), 1, "once: {text}");
        assert!(text.contains("1 fiber lives"), "with the dump: {text}");
    }
}

/// Returns once the doubt was said, and the detector has had time to say it again.
fn wait_for_the_doubt() {
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
    thread::sleep(LONG);
}

#[test]
fn two_locks_in_two_orders() {
    ends_with(
        "two_locks_in_two_orders",
        &["'there'", "'back'", "of 2 fibers, each of which waits"],
        |runtime| {
            runtime.run(|| {
                let locks = Arc::new((Mutex::new(()), Mutex::new(())));
                let met = Arc::new(sisal::sync::Barrier::new(2));
                let (theirs, there) = (Arc::clone(&locks), Arc::clone(&met));
                let one = go!(name = "there", {
                    let _first = theirs.0.lock();
                    there.wait();
                    drop(theirs.1.lock());
                });
                let other = go!(name = "back", {
                    let _first = locks.1.lock();
                    met.wait();
                    drop(locks.0.lock());
                });
                one.join().unwrap();
                other.join().unwrap();
            });
        },
    );
}

#[test]
fn a_message_that_nobody_sends_and_a_notice_that_nobody_gives() {
    let name = "a_message_that_nobody_sends_and_a_notice_that_nobody_gives";
    ends_with(name, &["'receives'", "'is told'", "3 fibers live"], |runtime| {
        runtime.run(|| {
            let (sender, receiver) = channel::bounded::<()>(0);
            let receives = go!(name = "receives", { receiver.recv() });
            let told = go!(name = "is told", {
                let never = Mutex::new(());
                Condvar::new().wait(&mut never.lock());
            });
            let _ = receives.join().unwrap();
            told.join().unwrap();
            drop(sender);
        });
    });
}

#[test]
fn one_that_only_a_bare_thread_can_wake() {
    doubts_and_goes_on("one_that_only_a_bare_thread_can_wake", |runtime| {
        let (sender, receiver) = channel::bounded(1);
        let sends = thread::spawn(move || {
            wait_for_the_doubt();
            sender.send(7).unwrap();
        });
        assert_eq!(runtime.run(|| receiver.recv()), Ok(7));
        sends.join().unwrap();
    });
}

#[test]
fn one_whose_cloned_waker_a_bare_thread_holds() {
    doubts_and_goes_on("one_whose_cloned_waker_a_bare_thread_holds", |runtime| {
        runtime.run(|| {
            let mut polls = 0;
            sisal::block_on(std::future::poll_fn(|context| {
                polls += 1;
                if polls > 1 {
                    return std::task::Poll::Ready(());
                }
                let waker = context.waker().clone();
                drop(thread::spawn(move || {
                    wait_for_the_doubt();
                    waker.wake();
                }));
                std::task::Poll::Pending
            }));
        });
    });
}

#[test]
fn one_that_a_blocking_call_will_wake() {
    goes_on("one_that_a_blocking_call_will_wake", |runtime| {
        runtime.run(|| {
            let (sender, receiver) = channel::bounded(1);
            let call = sisal::spawn_blocking(move || {
                thread::sleep(LONG);
                sender.send(7).unwrap();
            });
            assert_eq!(receiver.recv(), Ok(7));
            call.join().unwrap();
        });
    });
}

#[test]
fn one_that_a_timer_will_wake() {
    goes_on("one_that_a_timer_will_wake", |runtime| {
        runtime.run(|| {
            let (sender, receiver) = channel::bounded::<()>(1);
            let sleeps = go!({
                sisal::sleep(LONG);
                drop(sender);
            });
            assert!(receiver.recv().is_err());
            sleeps.join().unwrap();
            let (_sender, receiver) = channel::bounded::<()>(1);
            assert!(receiver.recv_timeout(LONG).is_err());
            fiber::park_timeout(LONG);
        });
    });
}

#[test]
fn one_that_a_descriptor_will_wake() {
    goes_on("one_that_a_descriptor_will_wake", |runtime| {
        // Another process writes into the pipe, at its leisure.
        let seconds = LONG.as_secs_f64().to_string();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("sleep {seconds}; echo done")]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = child.stdout.take().unwrap();
        runtime.run(|| sisal::io::wait_readable(&output, None).unwrap());
        assert!(child.wait().unwrap().success());
    });
}
