//! A fiber that overflows its stack is named, with where it was spawned and how large its stack was, and the process aborts.
//!
//! Method: the test runs itself again as a child, which overflows.

use sisal::fiber;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

const CHILD: &str = "SISAL_TEST_OVERFLOWS";

/// What a fiber has whose builder says nothing.
const DEFAULT: &str = if cfg!(debug_assertions) { "stack of 256 KiB" } else { "stack of 64 KiB" };

#[expect(unconditional_recursion, reason = "the point")]
fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    recurse(depth + 1) + frame[7]
}

#[test]
fn it_is_named_and_the_process_aborts() {
    if std::env::var_os(CHILD).is_some() {
        let handle = fiber::Builder::new().name("deep".into()).spawn(|| recurse(0)).unwrap();
        unreachable!("{:?}", handle.join());
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "it_is_named_and_the_process_aborts", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.signal(), Some(6), "{text}");
    for part in ["fiber 'deep'", "overflow.rs:", DEFAULT, "overflowed its stack", "stack_size"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[test]
fn in_a_coroutine_too() {
    if std::env::var_os(CHILD).is_some() {
        let body = || {
            let deep = sisal::coroutine::iter(|yielder| yielder.yield_(recurse(0)));
            deep.count()
        };
        let handle = fiber::Builder::new().name("deep".into()).stack_size(1 << 20).spawn(body).unwrap();
        unreachable!("{:?}", handle.join());
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "in_a_coroutine_too", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.signal(), Some(6), "{text}");
    for part in ["fiber 'deep'", "overflow.rs:", "64 KiB", "overflowed its stack"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

/// The compiler probes each page of a large frame, so that it cannot jump over the guard.
#[test]
fn by_a_local_that_is_larger_than_the_stack() {
    if std::env::var_os(CHILD).is_some() {
        let body = || std::hint::black_box(&[std::hint::black_box(1_u8); 1 << 20]).len();
        let handle = fiber::Builder::new().name("wide".into()).stack_size(64 << 10).spawn(body).unwrap();
        unreachable!("{:?}", handle.join());
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "by_a_local_that_is_larger_than_the_stack", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.signal(), Some(6), "{text}");
    for part in ["fiber 'wide'", "overflow.rs:", "64 KiB", "overflowed its stack"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}
