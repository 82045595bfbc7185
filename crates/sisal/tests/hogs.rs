//! A fiber that runs for long without giving way is named: who, spawned where, in which function. One that gives way is not.
//!
//! Method: the test runs itself again as a child, and reads what that says until it has said it.

use sisal::fiber;
use sisal::runtime::Runtime;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CHILD: &str = "SISAL_TEST_HOGS";

/// What a child says that runs `f` on a fiber called 'hog', and reports after 50 ms: up to a line that contains `last`, or to
/// its end.
fn said_by(test: &str, f: fn(), last: &str) -> Option<String> {
    if std::env::var_os(CHILD).is_some() {
        let runtime = Runtime::builder().workers(1).hog_threshold(Duration::from_millis(50)).build().unwrap();
        runtime.run(|| fiber::Builder::new().name("hog".into()).spawn(f).unwrap().join().unwrap());
        return None;
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = String::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        text += &(line.unwrap() + "\n");
        if text.contains(last) {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    Some(text)
}

/// Without a call, also in a debug build, so that this is where it is.
#[inline(never)]
fn spin_without_end() {
    let mut n = 0_u64;
    while n < 2 {
        n ^= 1;
    }
}

#[test]
fn a_hog_is_named() {
    let last = if cfg!(target_os = "linux") { "was in" } else { "live there" };
    let Some(text) = said_by("a_hog_is_named", spin_without_end, last) else { return };
    for part in ["fiber 'hog'", "hogs.rs:", "worker 0", "live there: 1"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    if cfg!(target_os = "linux") {
        assert!(text.contains("was in hogs::spin_without_end at"), "{text}");
    }
}

fn sleep_on_the_worker() {
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn one_that_blocks_its_worker_is_too() {
    let Some(text) = said_by("one_that_blocks_its_worker_is_too", sleep_on_the_worker, "live there") else {
        return;
    };
    assert!(text.contains("fiber 'hog'"), "{text}");
}

fn compute_and_check() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(300) {
        fiber::checkpoint();
    }
}

#[test]
fn one_that_gives_way_is_not() {
    let Some(text) = said_by("one_that_gives_way_is_not", compute_and_check, "live there") else { return };
    assert!(!text.contains("without giving way"), "{text}");
}
