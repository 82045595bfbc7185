//! A backtrace taken on a fiber: the frames of its own stack, and where it was spawned.
//!
//! Look at: std's `Backtrace` works on a fiber as on a thread, since a fiber has a whole stack; it ends at the fiber's first frame.
//!
//! ```text
//! $ cargo run --release --example backtrace
//! outer is on the stack
//! inner is on the stack
//! main is not: the fiber has a stack of its own
//! spawned in backtrace.rs
//! ```

use sisal::{fiber, go};
use std::backtrace::Backtrace;

#[inline(never)]
fn outer() -> String {
    let trace = inner();
    std::hint::black_box(trace)
}

#[inline(never)]
fn inner() -> String {
    std::hint::black_box(Backtrace::force_capture().to_string())
}

/// Whether a frame of that function is in `trace`: `3: backtrace::inner`, or `3: inner` where debug information has short
/// names.
fn has(trace: &str, function: &str) -> bool {
    trace.lines().any(|line| line.trim().rsplit([':', ' ']).next() == Some(function))
}

fn main() {
    let (trace, fiber) = spawn();
    for function in ["outer", "inner"] {
        assert!(has(&trace, function), "{trace}");
        println!("{function} is on the stack");
    }
    assert!(!has(&trace, "main"), "{trace}");
    println!("main is not: the fiber has a stack of its own");
    let site = fiber.spawned_at().expect("a fiber was spawned somewhere");
    println!("spawned in {}", site.file().rsplit('/').next().unwrap());
}

fn spawn() -> (String, fiber::Fiber) {
    go!(|| (outer(), fiber::current())).join().unwrap()
}
