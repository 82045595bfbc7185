//! Goal: standard input and output work from fibers, leave the worker to others, and leave their descriptors' flags alone.
//! Method: this program again as a child with pipes; the child's single worker must tick while it waits for input.

use sisal::{fiber, io, runtime::Runtime};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const ROLE: &str = "SISAL_STDIO_ROLE";

fn child(role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process", "--ignored", "--nocapture"])
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn flags(fd: u32) -> String {
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap();
    text.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim().to_owned()
}

/// Not a test of its own: what the tests start.
#[test]
#[ignore = "the child of the other tests"]
fn child_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let before: Vec<_> = (0..3).map(flags).collect();
    let runtime = Runtime::builder().workers(1).build().unwrap();
    runtime.run(|| match role.as_str() {
        "echo" => echo(),
        "cancel" => cancel(),
        "many" => many(),
        role => panic!("{role}?"),
    });
    runtime.shutdown_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!((0..3).map(flags).collect::<Vec<_>>(), before);
}

/// Each line to both outputs; ticks on standard error show that the worker is free.
fn echo() {
    let ended = Arc::new(AtomicBool::new(false));
    let ticking = fiber::spawn({
        let ended = Arc::clone(&ended);
        move || {
            while !ended.load(Ordering::Relaxed) {
                writeln!(io::stderr(), "tick").unwrap();
                sisal::sleep(Duration::from_millis(1));
            }
        }
    });
    for line in io::stdin().lines() {
        writeln!(io::stdout(), "heard {}", line.unwrap()).unwrap();
    }
    ended.store(true, Ordering::Relaxed);
    ticking.join().unwrap();
}

/// A reader that is cancelled takes nothing with it.
fn cancel() {
    let reading = fiber::spawn(|| io::stdin().read_line(&mut String::new()).unwrap_err().to_string());
    sisal::sleep(Duration::from_millis(5));
    reading.cancel();
    writeln!(io::stdout(), "ended: {}", reading.join().unwrap()).unwrap();
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    writeln!(io::stdout(), "heard {line}").unwrap();
}

/// Lines of several fibers stay whole.
fn many() {
    fiber::scope(|s| {
        for n in 0..8 {
            s.spawn(move || (0..50).for_each(|m| writeln!(io::stdout(), "line {n} {m} end").unwrap()));
        }
    });
}

#[test]
fn lines_come_in_and_go_out_while_others_run() {
    let mut child = child("echo");
    let mut ticks = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut input = child.stdin.take().unwrap();
    for text in ["one", "two"] {
        // The child waits for input, and ticks.
        (0..5).for_each(|_| assert_eq!(ticks.next().unwrap().unwrap(), "tick"));
        writeln!(input, "{text}").unwrap();
        let heard = lines.by_ref().find(|line| line.starts_with("heard"));
        assert_eq!(heard.unwrap(), format!("heard {text}"));
    }
    drop(input);
    let rest = std::thread::spawn(move || ticks.count());
    lines.for_each(drop);
    rest.join().unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_cancelled_reader_loses_nothing() {
    let mut child = child("cancel");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.by_ref().find(|line| line.starts_with("ended")).unwrap(), "ended: cancelled");
    child.stdin.take().unwrap().write_all(b"kept\n").unwrap();
    assert_eq!(lines.by_ref().find(|line| line.starts_with("heard")).unwrap(), "heard kept");
    lines.for_each(drop);
    assert!(child.wait().unwrap().success());
}

#[test]
fn lines_stay_whole() {
    let mut child = child("many");
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("line ") && line.ends_with(" end"));
    assert_eq!(lines.filter(|line| line.split(' ').count() == 4).count(), 400);
    assert!(child.wait().unwrap().success());
}
