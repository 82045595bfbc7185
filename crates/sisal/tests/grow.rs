//! `fiber::grow` calls on a bigger stack: it may wait, panic and grow again there, on fibers and bare threads; its stack
//! is used again; where there is none, the text says what to do.
//!
//! Method: recursion that no stack of a fiber holds; for the overflow, the test runs itself again as a child.

mod common;

use sisal::fiber;
use sisal::runtime::Runtime;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

const CHILD: &str = "SISAL_TEST_GROWS";

/// Takes some 300 bytes a level, three times as much in debug builds.
fn depth(n: u64) -> u64 {
    let frame = std::hint::black_box([n; 32]);
    if n == 0 { 0 } else { 1 + depth(frame[7] - 1) }
}

#[test]
fn deep_recursion_ends() {
    common::on_each_size(|| {
        for size in [1 << 20, 8 << 20, 20 << 20] {
            let levels = size as u64 / 2_000;
            let fiber = fiber::spawn(move || fiber::grow(size, || depth(levels)));
            assert_eq!(fiber.join().unwrap(), levels);
        }
    });
}

#[test]
fn it_waits_inside_and_borrows() {
    common::on_each_size(|| {
        let fibers: Vec<_> = (0..20_u64)
            .map(|index| {
                let local = [index; 8];
                let body = move || {
                    fiber::grow(1 << 20, || {
                        let held = depth(500);
                        fiber::yield_now();
                        fiber::sleep(std::time::Duration::from_micros(100));
                        held + local.iter().sum::<u64>()
                    })
                };
                fiber::spawn(body)
            })
            .collect();
        for (index, fiber) in fibers.into_iter().enumerate() {
            assert_eq!(fiber.join().unwrap(), 500 + 8 * index as u64);
        }
    });
}

#[test]
fn it_waits_inside_for_others_on_grown_stacks() {
    common::on_each_size(|| {
        let (left, right) = (sisal::channel::bounded(0), sisal::channel::bounded(0));
        let (to_right, from_left) = left;
        let (to_left, from_right) = right;
        let echo = fiber::spawn(move || {
            fiber::grow(1 << 20, || from_left.iter().for_each(|n: u64| to_left.send(n + 1).unwrap()));
        });
        let sum: u64 = fiber::grow(1 << 20, || {
            let one = |n| {
                to_right.send(n).unwrap();
                from_right.recv().unwrap()
            };
            (0..100).map(one).sum()
        });
        drop(to_right);
        echo.join().unwrap();
        assert_eq!(sum, 5_050);
    });
}

#[test]
fn panics_cross_it_and_it_nests() {
    common::on_each_size(|| {
        let fiber = fiber::spawn(|| {
            let inner = || fiber::grow(8 << 20, || std::panic::resume_unwind(Box::new(depth(7))));
            let caught = catch_unwind(|| fiber::grow(1 << 20, inner)).unwrap_err();
            *caught.downcast::<u64>().unwrap() + fiber::grow(1 << 20, || fiber::grow(1 << 20, || depth(10)))
        });
        assert_eq!(fiber.join().unwrap(), 17);
        let fiber = fiber::spawn(|| fiber::grow(1 << 20, || std::panic::resume_unwind(Box::new(7_u8))));
        assert_eq!(*fiber.join().unwrap_err().downcast::<u8>().unwrap(), 7);
    });
}

/// Where the caller's frame begins, more or less.
fn whereabouts() -> usize {
    let local = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&local)).addr()
}

#[test]
fn its_stack_is_used_again_even_after_a_panic() {
    let check = || {
        let first = fiber::grow(8 << 20, whereabouts);
        for _ in 0..10 {
            let end = || fiber::grow(8 << 20, || std::panic::resume_unwind(Box::new(())));
            catch_unwind(AssertUnwindSafe(end)).unwrap_err();
            assert!(fiber::grow(8 << 20, whereabouts).abs_diff(first) < 4 << 20);
        }
    };
    common::on(1, check);
    std::thread::spawn(check).join().unwrap();
}

#[test]
fn on_a_bare_thread() {
    let thread = std::thread::Builder::new().stack_size(128 * 1024);
    let thread = thread.spawn(|| fiber::grow(64 << 20, || depth(50_000))).unwrap();
    assert_eq!(thread.join().unwrap(), 50_000);
}

#[test]
fn impossible_sizes_say_so() {
    let small = fiber::try_grow(1_000, || unreachable!("on no stack")).unwrap_err();
    assert_eq!(small.kind(), ErrorKind::InvalidInput);
    assert!(small.to_string().contains("1000 bytes") && small.to_string().contains("24 KiB"), "{small}");
    assert!(fiber::try_grow(usize::MAX, || ()).unwrap_err().to_string().contains("1 TiB"));
    let full = nested_terabyte(0).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::OutOfMemory);
    assert!(full.to_string().contains("1048576 MiB") && full.to_string().contains("ulimit -v"), "{full}");
    let payload = catch_unwind(|| fiber::grow(7, || ())).unwrap_err();
    let text = payload.downcast::<String>().unwrap();
    assert!(text.contains("cannot grow the stack") && text.contains("24 KiB"), "{text}");
    assert_eq!(fiber::try_grow(1 << 20, || 1).unwrap(), 1);
}

/// Asks for terabytes inside terabytes until there is no room: 128 TiB is all that an x86-64 process has.
fn nested_terabyte(level: u32) -> std::io::Result<u32> {
    assert!(level < 1_000, "more address space than processors have");
    fiber::try_grow(1 << 40, || nested_terabyte(level + 1))?
}

#[test]
fn its_overflow_is_named() {
    #[expect(unconditional_recursion, reason = "the point")]
    fn recurse(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 64]);
        recurse(depth + 1) + frame[7]
    }
    if let Ok(place) = std::env::var(CHILD) {
        let body = || fiber::grow(1 << 20, || recurse(0));
        match place.as_str() {
            "fiber" => {
                let runtime = Runtime::builder().workers(1).build().unwrap();
                let spawn = || fiber::Builder::new().name("deep".into()).spawn(body).unwrap().join();
                unreachable!("{:?}", runtime.run(spawn));
            }
            _ => unreachable!("{}", body()),
        }
    }
    for (place, whose) in
        [("fiber", "fiber 'deep' (spawned at crates/sisal/tests/grow.rs:"), ("thread", "no fiber")]
    {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "its_overflow_is_named", "--nocapture"])
            .env(CHILD, place)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stderr);
        assert_eq!(child.status.signal(), Some(6), "{text}");
        for part in [whose, "has overflowed its stack of 1024 KiB", "fiber::grow"] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }
}
