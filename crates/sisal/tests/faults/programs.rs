//! Other processes: many at once, killed, gone, and copies of this one.

use crate::bench::beside_traffic;
use sisal::fiber;
use sisal::process::{Command, Stdio};
use std::io::{ErrorKind, Write};
use std::os::unix::process::ExitStatusExt;
use std::thread;

/// A program that counts its own descriptors.
const COUNT: [&str; 2] = ["-c", "ls /proc/self/fd | wc -l"];

fn count(output: &std::process::Output) -> usize {
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap()
}

/// What a program sees if this one has nothing open that it could inherit, but what it has inherited itself.
fn count_alone() -> usize {
    count(&std::process::Command::new("sh").args(COUNT).output().unwrap())
}

#[test]
fn a_storm_of_programs_from_fibers() {
    let alone = count_alone();
    beside_traffic("programs::a_storm_of_programs_from_fibers", &[], |runtime| {
        runtime.run(|| {
            fiber::scope(|s| {
                for _ in 0..8 {
                    s.spawn(|| {
                        for _ in 0..5 {
                            assert_eq!(count(&Command::new("sh").args(COUNT).output().unwrap()), alone);
                        }
                    });
                }
            });
        });
    });
}

#[test]
fn a_storm_of_programs_from_threads() {
    let alone = count_alone();
    beside_traffic("programs::a_storm_of_programs_from_threads", &[], |_| {
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for _ in 0..10 {
                        assert_eq!(count_alone(), alone);
                    }
                });
            }
        });
    });
}

#[test]
fn copies_that_end_at_once() {
    beside_traffic("programs::copies_that_end_at_once", &[], |_| {
        for _ in 0..50 {
            // SAFETY: the copy does nothing but end, by the system call.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                // SAFETY: ends the copy.
                unsafe { libc::_exit(7) };
            }
            let mut status = 0;
            // SAFETY: our own child, and a valid place.
            assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
            assert_eq!(libc::WEXITSTATUS(status), 7);
        }
    });
}

#[test]
fn a_program_that_is_killed() {
    beside_traffic("programs::a_program_that_is_killed", &[], |runtime| {
        runtime.run(|| {
            for _ in 0..10 {
                let mut child = Command::new("sleep").arg("600").spawn().unwrap();
                child.kill().unwrap();
                assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
            }
        });
    });
}

#[test]
fn a_program_that_reads_nothing() {
    beside_traffic("programs::a_program_that_reads_nothing", &[], |runtime| {
        runtime.run(|| {
            let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
            assert!(child.wait().unwrap().success());
            if let Some(mut stdin) = child.stdin.take() {
                assert_eq!(stdin.write_all(&[0; 1 << 20]).unwrap_err().kind(), ErrorKind::BrokenPipe);
            }
        });
    });
}

#[test]
fn a_program_that_is_not_there() {
    beside_traffic("programs::a_program_that_is_not_there", &[], |runtime| {
        runtime.run(|| {
            for _ in 0..20 {
                let error = Command::new("/there/is/no/such/program").spawn().map(drop).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::NotFound);
            }
        });
    });
}
