//! How deep stacks have been is known by the place where their fibers were spawned, and written when a runtime or the process
//! ends; nobody measures unless asked.
//!
//! Method: children with `SISAL_STACK_STATS` set either way, whose fibers go to known depths.

use sisal::fiber;
use sisal::runtime::{Runtime, StackUse};
use std::process::{Command, Output};

const CHILD: &str = "SISAL_TEST_STACK_USE";

/// Runs `test` of this file in a child process; `None` in that child.
fn in_child(test: &str, stats: &str) -> Option<Output> {
    if std::env::var_os(CHILD).is_some() {
        return None;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .env("SISAL_STACK_STATS", stats)
        .env("SISAL_WORKERS", "2")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    Some(child)
}

#[inline(never)]
fn touch<const BYTES: usize>() -> usize {
    let bytes = [std::hint::black_box(1_u8); BYTES];
    std::hint::black_box(&bytes).iter().map(|byte| usize::from(*byte)).sum()
}

fn row(table: &[StackUse], line: u32) -> &StackUse {
    table
        .iter()
        .find(|row| row.site.line() == line)
        .unwrap_or_else(|| panic!("line {line} is not in {table:?}"))
}

/// The lines of the table, as words.
fn printed(output: &Output) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text.lines().skip_while(|line| !line.starts_with("sisal: stacks of")).skip(2);
    let rows: Vec<Vec<_>> = lines.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    assert!(!rows.is_empty(), "no table: {text}");
    rows
}

#[test]
fn of_a_runtime() {
    let Some(child) = in_child("of_a_runtime", "1") else {
        let runtime = Runtime::builder().workers(2).build().unwrap();
        let spawn = |deep: bool| {
            let body = move || if deep { touch::<40_000>() } else { touch::<100>() };
            fiber::Builder::new().stack_size(256 * 1024).spawn_on(runtime.handle(), body).unwrap()
        };
        let deep = line!() - 2;
        (0..30).map(|n| spawn(n == 17)).for_each(|fiber| assert!(fiber.join().unwrap() > 0));
        // The same stacks, on which others were deep.
        for _ in 0..30 {
            let small = fiber::Builder::new().stack_size(256 * 1024);
            small.spawn_on(runtime.handle(), fiber::yield_now).unwrap().join().unwrap();
        }
        let shallow = line!() - 2;
        runtime.spawn(|| fiber::grow(1 << 20, touch::<300_000>)).join().unwrap();
        let grown = line!() - 1;
        let table = runtime.handle().stack_use();
        let (deep, shallow, grown) = (row(&table, deep), row(&table, shallow), row(&table, grown));
        assert_eq!((deep.fibers, deep.stack_size), (30, 256 * 1024));
        assert!((40_000..80_000).contains(&deep.deepest), "{deep:?}");
        assert!(shallow.fibers == 30 && (1..20_000).contains(&shallow.deepest), "{shallow:?}");
        assert_eq!((grown.fibers, table[0].stack_size), (1, 1 << 20));
        assert!((300_000..340_000).contains(&table[0].deepest), "{table:?}");
        return;
    };
    let rows = printed(&child);
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert_eq!((&*rows[0][2], &*rows[0][4]), ("1024", "1"), "{rows:?}");
    assert!(rows[0][5].starts_with("crates/sisal/tests/stack_use.rs:"), "{rows:?}");
}

#[test]
fn of_the_process() {
    let Some(child) = in_child("of_the_process", "1") else {
        (0..10)
            .map(|_| fiber::spawn(touch::<30_000>))
            .for_each(|fiber| assert_eq!(fiber.join().unwrap(), 30_000));
        return;
    };
    let rows = printed(&child);
    assert_eq!((rows.len(), &*rows[0][4]), (1, "10"), "{rows:?}");
    assert!((30..50).contains(&rows[0][0].parse::<usize>().unwrap()), "{rows:?}");
}

#[test]
fn of_nobody() {
    let Some(child) = in_child("of_nobody", "0") else {
        let runtime = Runtime::builder().workers(1).build().unwrap();
        runtime.spawn(touch::<30_000>).join().unwrap();
        assert_eq!(runtime.handle().stack_use(), []);
        return;
    };
    assert!(!String::from_utf8_lossy(&child.stderr).contains("sisal"), "{child:?}");
}
