//! How many instructions do the hot paths take? Counted by callgrind, so that the figure is the same on a busy machine.
//!
//! Each path runs in a process of its own, once with few operations and once with more: the difference is what the operations
//! took, without the start of the process. Threads that spin while they wait add to a run what depends on the hour; hence
//! each run is made three times, and the smallest count is taken. One worker, since callgrind runs one thread at a time.

use sisal::channel;
use sisal::coroutine::{Coroutine, CoroutineState, Yielder};
use sisal::fiber;
use sisal::net::UnixStream;
use sisal::runtime::{Runtime, Trace};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::Command;

/// Times that each run is made.
const RUNS: usize = 3;
/// How much a path may grow before the check fails.
const GROWTH_MAX: f64 = 1.05;
/// The counts that are compared with.
const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.txt");

/// A path's name, the operations of its short run (the long one has twice as many), and what does them.
pub(crate) type HotPath = (&'static str, usize, fn(usize));

/// The hot paths.
pub(crate) const PATHS: &[HotPath] = &[
    ("spawn-join", 50_000, spawn_join),
    ("yield", 400_000, yield_between_two),
    ("channel-hop", 100_000, hop),
    ("socket-hop", 20_000, socket_hop),
    ("coroutine", 400_000, coroutine),
    ("coroutine-life", 100_000, coroutine_life),
    ("yield-recorded", 200_000, yield_between_two),
    ("channel-hop-recorded", 100_000, hop),
];

/// What a path is called whose runtime records its schedule.
const RECORDED: &str = "-recorded";

fn spawn_join(ops: usize) {
    for n in 0..ops {
        assert_eq!(fiber::spawn(move || n).join().unwrap(), n);
    }
}

/// One operation is one yield of one of two fibers.
fn yield_between_two(ops: usize) {
    let yields = move || (0..ops / 2).for_each(|_| fiber::yield_now());
    let other = fiber::spawn(yields);
    yields();
    other.join().unwrap();
}

/// One operation is one message to a fiber that waits for it; every second is an answer.
fn hop(ops: usize) {
    let (ping, pinged) = channel::bounded::<usize>(1);
    let (pong, ponged) = channel::bounded::<usize>(1);
    let echo = fiber::spawn(move || pinged.iter().for_each(|n| pong.send(n).unwrap()));
    for n in 0..ops / 2 {
        ping.send(n).unwrap();
        assert_eq!(ponged.recv(), Ok(n));
    }
    drop(ping);
    echo.join().unwrap();
}

/// One operation is a byte to a fiber that waits for it at a socket; every second is an answer.
fn socket_hop(ops: usize) {
    let (mut near, mut far) = UnixStream::pair().unwrap();
    let mut byte = [0];
    let echo = fiber::spawn(move || {
        let mut byte = [0];
        while far.read(&mut byte).unwrap() > 0 {
            far.write_all(&byte).unwrap();
        }
    });
    for _ in 0..ops / 2 {
        near.write_all(&byte).unwrap();
        near.read_exact(&mut byte).unwrap();
    }
    drop(near);
    echo.join().unwrap();
}

/// Operations of a coroutine between two yields of its fiber: one that runs for too long would be photographed, which is
/// counted too.
const TURN: usize = 1024;

/// One operation is a resume and the yield that answers it.
fn coroutine(ops: usize) {
    let next = Coroutine::new(|yielder: &Yielder<usize, usize>, mut value| -> () {
        loop {
            value = yielder.yield_(value + 1);
        }
    });
    for n in 0..ops {
        assert_eq!(next.resume(n), CoroutineState::Yielded(n + 1));
        if n % TURN == 0 {
            fiber::yield_now();
        }
    }
}

/// One operation is a coroutine that is made, returns at once, and is dropped.
fn coroutine_life(ops: usize) {
    for n in 0..ops {
        let once = Coroutine::new(|_: &Yielder<usize, ()>, value| value);
        assert_eq!(once.resume(n), CoroutineState::Complete(n));
        if n % TURN == 0 {
            fiber::yield_now();
        }
    }
}

/// Runs the path of that name `ops` times: what callgrind watches.
///
/// # Panics
/// If there is no such path.
pub(crate) fn run(name: &str, ops: usize) {
    let (.., path) = PATHS.iter().find(|(known, ..)| *known == name).expect("a path of that name");
    let mut builder = Runtime::builder().workers(1);
    if name.ends_with(RECORDED) {
        // Few events, since they are written at the end.
        builder = builder.trace(Trace::to("/dev/null").events(1024));
    }
    let runtime = builder.build().expect("sisal starts");
    runtime.run(|| path(ops));
}

/// Instructions of one operation of each path.
///
/// # Errors
/// If valgrind does not run this program.
pub(crate) fn count(program: &Path) -> io::Result<BTreeMap<&'static str, f64>> {
    let mut counts = BTreeMap::new();
    for (name, ops, _) in PATHS {
        let (short, long) = (smallest(program, name, *ops)?, smallest(program, name, 2 * ops)?);
        counts.insert(*name, (long - short) / *ops as f64);
    }
    Ok(counts)
}

fn smallest(program: &Path, name: &str, ops: usize) -> io::Result<f64> {
    (0..RUNS).try_fold(f64::MAX, |least, _| Ok(least.min(collected(program, name, ops)?)))
}

/// What callgrind counts over a whole run.
fn collected(program: &Path, name: &str, ops: usize) -> io::Result<f64> {
    let mut valgrind = Command::new("valgrind");
    // Stacks that are switched look like one that grows by megabytes: that is what the last option is for.
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--max-stackframe=100000000000"]);
    let output = valgrind.arg(program).args(["run", name, &ops.to_string()]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split_once("Collected :"));
    let count = line.and_then(|(_, count)| count.trim().parse().ok());
    count
        .filter(|_| output.status.success())
        .ok_or_else(|| io::Error::other(format!("valgrind fails: {said}")))
}

/// Whether there is a valgrind.
pub(crate) fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The compiler, whose other versions give other counts.
fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Writes `counts` down as what to compare with.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write_baseline(counts: &BTreeMap<&str, f64>) -> io::Result<()> {
    let mut text = format!("# {}\n", compiler());
    counts.iter().for_each(|(name, count)| text.push_str(&format!("{name} {count:.0}\n")));
    fs::write(BASELINE, text)
}

/// What has become of each path, a line each, and whether that may be.
///
/// # Errors
/// If there is no baseline.
pub(crate) fn compare(counts: &BTreeMap<&str, f64>) -> io::Result<(String, bool)> {
    let baseline = fs::read_to_string(BASELINE)?;
    let same_compiler = baseline.lines().next() == Some(&format!("# {}", compiler()));
    let (mut text, holds) = verdict(counts, &baseline);
    if !same_compiler {
        text.push_str("Counted with another compiler than the baseline: for information only.\n");
    }
    Ok((text, holds || !same_compiler))
}

fn verdict(counts: &BTreeMap<&str, f64>, baseline: &str) -> (String, bool) {
    let (mut text, mut holds) = (String::new(), true);
    for (name, count) in counts {
        let before =
            baseline.lines().find_map(|line| line.split_once(' ').filter(|(known, _)| known == name));
        let Some(before) = before.and_then(|(_, count)| count.parse::<f64>().ok()) else {
            text.push_str(&format!("{name}: {count:.0} instructions, no baseline\n"));
            holds = false;
            continue;
        };
        let grown = count / before;
        let verdict = if grown > GROWTH_MAX { ": too many" } else { "" };
        holds &= grown <= GROWTH_MAX;
        let percent = (grown - 1.0) * 100.0;
        text.push_str(&format!(
            "{name}: {count:.0} instructions, baseline {before:.0} ({percent:+.1} %){verdict}\n"
        ));
    }
    (text, holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_are_too_many() {
        let baseline = "# rustc\nyield 100\n";
        let holds = |name: &'static str, count: f64| verdict(&BTreeMap::from([(name, count)]), baseline).1;
        assert!(holds("yield", 104.0) && holds("yield", 50.0));
        assert!(!holds("yield", 106.0));
        assert!(!holds("hop", 1.0), "a path without a baseline");
    }
}
