//! Goal: programs are started, fed, read and waited for from fibers, and leave nothing behind.
//! Method: `sh`, `cat` and `sleep`; this process's own table of descriptors and of children.

mod common;

use common::{eventually, on, on_each_size};
use sisal::process::{Command, Stdio};
use sisal::{fiber, go, time};
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn an_output_is_what_was_written_to_both() {
    on_each_size(|| {
        let output = sh("echo out; echo err >&2; exit 3").output().unwrap();
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(output.status.code(), Some(3));
        // More than both pipes hold, first into one, then into the other.
        let output = sh("head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero").output().unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len()), (300_000, 300_000));
        // What was set is left as it is; and what `output` has set is not left for `spawn`.
        let mut command = sh("echo seen; cat");
        let output = command.stdout(Stdio::null()).output().unwrap();
        assert!(output.stdout.is_empty() && output.status.success());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        assert!(child.stdin.is_some() && child.stdout.is_none() && child.stderr.is_none());
        assert!(child.wait().unwrap().success(), "its input was closed");
    });
}

#[test]
fn settings_reach_the_program() {
    on_each_size(|| {
        let output = sh("echo $A-$B-$HOME; pwd")
            .env_clear()
            .env("A", "1")
            .envs([("B", "2"), ("C", "3")])
            .env_remove("C")
            .current_dir("/")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "1-2-\n/\n");
        assert_eq!(Command::new("no-such-program").spawn().unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn both_ends_of_a_child_are_fibers() {
    on_each_size(|| {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writing = go!(move || stdin.write_all(&[7; 500_000]).unwrap());
        let mut bytes = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut bytes).unwrap();
        assert!(bytes == [7; 500_000]);
        writing.join().unwrap();
        assert!(child.wait().unwrap().success());
        assert!(child.try_wait().unwrap().unwrap().success(), "a second time");
    });
}

#[test]
fn others_run_while_one_waits_for_a_program() {
    on(1, || {
        let mut child = sh("read line").stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Comes to its turn only if the wait leaves the worker.
        let telling = go!(move || stdin.write_all(b"go\n").unwrap());
        assert!(child.wait().unwrap().success());
        telling.join().unwrap();
    });
}

#[test]
fn a_wait_is_ended_by_a_cancel_a_deadline_and_a_kill() {
    on_each_size(|| {
        let mut child = Command::new("sleep").arg("100").spawn().unwrap();
        let late = time::timeout(Duration::from_millis(2), || child.wait());
        assert!(!matches!(late, Ok(Ok(_))));
        let waiting = go!(move || {
            let error = child.wait().unwrap_err();
            (child, error.to_string())
        });
        fiber::sleep(Duration::from_millis(1));
        waiting.cancel();
        let (mut child, error) = waiting.join().unwrap();
        assert_eq!(error, "cancelled");
        assert_eq!(child.try_wait().unwrap(), None, "it goes on");
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
    });
}

/// Alone in its file would be better; but each test here gives back what it takes, so the count comes down in any case.
#[test]
fn a_storm_of_programs_leaves_no_descriptors() {
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    on(4, || {
        let storm = || {
            fiber::scope(|s| {
                for _ in 0..20 {
                    s.spawn(|| {
                        for _ in 0..5 {
                            let output = Command::new("echo").arg("x").output().unwrap();
                            assert_eq!(output.stdout, b"x\n");
                            assert!(Command::new("true").status().unwrap().success());
                        }
                    });
                }
            });
        };
        storm();
        let before = descriptors();
        storm();
        eventually("descriptors are given back", || descriptors() <= before);
    });
}
