//! The table "Scale on paper" of `benches/README.md` says how many system calls each operation makes: so many are made.
//!
//! Method: each operation is repeated in a child process under `strace`, between two marks in the list of calls; those of the
//! monitor's thread, which sleeps for 10 ms at a time, are left out. Skipped, with a message, where there is no strace.

#![cfg(target_os = "linux")]

use sisal::runtime::Runtime;
use sisal::{channel, fiber};
use std::collections::BTreeMap;
use std::env;
use std::io::{Read, Write};
use std::process::Command;

const CHILD: &str = "SISAL_TEST_OPERATION";
const TABLE: &str = include_str!("../../../benches/README.md");
const OPS: usize = 2_000;
/// Calls that are nobody's: the marks, and the looks at sockets that come by time.
const STRAY: usize = OPS / 20;

/// An operation's name in the table, on how many workers, and what does so many.
type Operation = (&'static str, usize, fn(usize));

const OPERATIONS: &[Operation] = &[
    ("spawn and join", 1, |ops| (0..ops).for_each(|_| fiber::spawn(|| {}).join().unwrap())),
    ("yield between two", 1, yields),
    ("local wake", 1, |ops| unparks(ops, 0)),
    ("channel hand-over", 1, |ops| messages(ops, 0)),
    ("remote wake, asleep", 2, |ops| messages(ops, 1)),
    ("read that blocks", 1, reads),
];

fn yields(ops: usize) {
    let half = move || (0..ops / 2).for_each(|_| fiber::yield_now());
    let other = fiber::spawn(half);
    half();
    other.join().unwrap();
}

/// Two fibers wake each other in turn: `ops` wakes in all.
fn unparks(ops: usize, home: usize) {
    let waits = move |other: fiber::Fiber| {
        for _ in 0..ops / 2 {
            fiber::park();
            other.unpark();
        }
    };
    let own = fiber::current();
    let other = fiber::Builder::new().home(home).spawn(move || waits(own)).unwrap();
    for _ in 0..ops / 2 {
        other.fiber().unpark();
        fiber::park();
    }
    other.join().unwrap();
}

/// One fiber sends to another that lives on the worker `home`, and back: `ops` messages in all.
fn messages(ops: usize, home: usize) {
    let (ping, pinged) = channel::bounded(1);
    let (pong, ponged) = channel::bounded(1);
    let echo =
        fiber::Builder::new().home(home).spawn(move || pinged.iter().for_each(|n| pong.send(n).unwrap()));
    for n in 0..ops / 2 {
        ping.send(n).unwrap();
        assert_eq!(ponged.recv(), Ok(n));
    }
    drop(ping);
    echo.unwrap().join().unwrap();
}

/// One byte there and back: `ops` reads that wait.
fn reads(ops: usize) {
    let (mut near, mut far) = sisal::net::UnixStream::pair().unwrap();
    let echo = fiber::spawn(move || {
        let mut byte = [0];
        while far.read(&mut byte).unwrap() > 0 {
            far.write_all(&byte).unwrap();
        }
    });
    for _ in 0..ops / 2 {
        near.write_all(&[7]).unwrap();
        near.read_exact(&mut [0]).unwrap();
    }
    drop(near);
    echo.join().unwrap();
}

/// A line of the list of calls that stands where nothing else does.
fn mark() {
    let _ = std::os::unix::process::parent_id();
}

/// The child: warms up, then does it once more between two marks.
fn run(name: &str) {
    let &(_, workers, body) = OPERATIONS.iter().find(|(known, ..)| *known == name).unwrap();
    Runtime::builder().workers(workers).build().unwrap().run(|| {
        body(OPS);
        mark();
        body(OPS);
        mark();
    });
}

/// How often each system call was made between the marks, by the workers; `None` where strace cannot work.
fn calls(name: &str) -> Option<BTreeMap<String, usize>> {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "signal=none"]).arg(env::current_exe().unwrap());
    strace.args(["--exact", "the_table_is_true", "--nocapture"]);
    let output = strace.env(CHILD, name).env("SISAL_STACK_STATS", "0").env_remove("SISAL_CHAOS").output();
    let output = output.inspect_err(|error| eprintln!("skipped: no strace: {error}")).ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if text.contains("PTRACE_TRACEME") || text.contains("ptrace(") {
        eprintln!("skipped: strace may not do its work: {text}");
        return None;
    }
    assert!(output.status.success(), "{name}: {text}");
    let is_mark = |line: &&str| line.contains("getppid(");
    let lines = text.lines().skip_while(|line| !is_mark(line)).skip(1).take_while(|line| !is_mark(line));
    let mut counts = BTreeMap::new();
    for line in lines.filter(|line| !line.contains("resumed>")) {
        // `[pid 12] read(5, ..`; the monitor waits in a futex.
        let call =
            line.rsplit_once("] ").map_or(line, |(_, call)| call).split('(').next().unwrap_or_default();
        if call.chars().all(|c| c.is_alphanumeric() || c == '_') && call != "futex" {
            *counts.entry(call.to_owned()).or_default() += 1;
        }
    }
    Some(counts)
}

/// The number with which the last cell of an operation's line begins.
fn said(name: &str) -> usize {
    let line = TABLE.lines().find(|line| line.starts_with(&format!("| {name} |")));
    let line = line.unwrap_or_else(|| panic!("benches/README.md says nothing of `{name}`"));
    let cell = line.trim_end_matches('|').rsplit('|').next().unwrap_or_default().trim();
    let digits: String = cell.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number of system calls: {line}"))
}

#[test]
fn the_table_is_true() {
    if let Ok(name) = env::var(CHILD) {
        return run(&name);
    }
    for (name, workers, _) in OPERATIONS {
        let Some(calls) = calls(name) else { return };
        let (made, said) = (calls.values().sum::<usize>(), said(name) * OPS);
        assert!(made <= said + STRAY, "{name}: {made} calls for {OPS}, the table allows {said}: {calls:?}");
        // Who is still searching is woken without a call, so on two workers it may be fewer.
        let least = if *workers == 1 { said - said / 20 } else { 0 };
        assert!(made >= least, "{name}: {made} calls for {OPS}, the table says {said}: {calls:?}");
    }
}
