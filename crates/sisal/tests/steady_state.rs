//! Once a process is warm, a fiber's whole life (spawn, run, join) makes no system call and touches no new page.
//!
//! Method: a child process. With one worker, a filter refuses each system call that its thread makes: the first one ends the
//! process. With two, the second of which comes for work and goes to sleep again, `strace` counts. Page faults are the kernel's
//! own count. (The monitor's thread sleeps for 10 ms at a time beside them, which is a system call each.)

#![cfg(target_os = "linux")]

use sisal::fiber;
use sisal::runtime::Runtime;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

const CHILD: &str = "SISAL_TEST_STEADY_STATE";
const LIVES: usize = 100_000;

/// This test, in a process of its own.
fn child(mut command: Command, test: &str) -> Command {
    // The depth of stacks, which debug builds measure, is the kernel's knowledge.
    command.args(["--exact", test, "--nocapture"]).env(CHILD, "1").env("SISAL_STACK_STATS", "0");
    command
}

/// One that reports no hogs: if a fiber is kept from running for 0.1 s, the names in its report are thousands of new pages.
fn runtime(workers: usize) -> Runtime {
    Runtime::builder().workers(workers).hog_threshold(Duration::MAX).build().unwrap()
}

/// Spawns and joins, one by one and some at a time.
fn live(count: usize) {
    for _ in 0..count / 2 {
        fiber::spawn(|| {}).join().unwrap();
    }
    let mut some = Vec::with_capacity(50);
    for _ in 0..count / 100 {
        some.extend((0..50).map(|_| fiber::spawn(|| {})));
        some.drain(..).for_each(|fiber| fiber.join().unwrap());
    }
}

/// How many pages this thread, or the process, has touched for the first time so far.
fn page_faults(whose: libc::c_int) -> i64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: room for one, which zeros are too.
    let usage = unsafe {
        assert_eq!(libc::getrusage(whose, usage.as_mut_ptr()), 0);
        usage.assume_init()
    };
    usage.ru_minflt + usage.ru_majflt
}

/// From here on this thread may ask for its page faults and end the process, and nothing else.
fn refuse_system_calls() {
    let load = |offset: u32| libc::sock_filter { code: 0x20, jt: 0, jf: 0, k: offset };
    let skip_unless = |value: libc::c_long| libc::sock_filter { code: 0x15, jt: 0, jf: 1, k: value as u32 };
    let answer = |k: u32| libc::sock_filter { code: 0x06, jt: 0, jf: 0, k };
    let mut program = [
        load(0),
        skip_unless(libc::SYS_getrusage),
        answer(libc::SECCOMP_RET_ALLOW),
        skip_unless(libc::SYS_exit_group),
        answer(libc::SECCOMP_RET_ALLOW),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
    ];
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: a filter for this thread, read by the kernel during the call.
    let failed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            | libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    };
    assert_eq!(failed, 0, "{}", io::Error::last_os_error());
}

#[test]
fn of_one_worker() {
    if std::env::var_os(CHILD).is_none() {
        let status = child(Command::new(std::env::current_exe().unwrap()), "of_one_worker").status().unwrap();
        assert_ne!(status.signal(), Some(libc::SIGSYS), "a system call");
        return assert_eq!(status.code(), Some(0), "so many page faults, up to 100");
    }
    runtime(1).run(|| {
        live(LIVES);
        let before = page_faults(libc::RUSAGE_THREAD);
        refuse_system_calls();
        live(LIVES);
        let faults = page_faults(libc::RUSAGE_THREAD) - before;
        // SAFETY: nothing is left to be done here, and nothing else is allowed.
        unsafe { libc::_exit(faults.min(100) as libc::c_int) }
    });
}

/// What the second worker costs: it is rung for work, at which it is mostly too late, and sleeps again. The rings become
/// rare when they are worth nothing; how rare depends on the machine.
#[test]
fn of_two_workers() {
    if std::env::var_os(CHILD).is_some() {
        let faults = runtime(2).run(|| {
            live(LIVES);
            // Two marks in the list of calls.
            let before = page_faults(libc::RUSAGE_SELF);
            live(LIVES);
            page_faults(libc::RUSAGE_SELF) - before
        });
        return assert!(faults < LIVES as i64 / 100, "{faults} page faults");
    }
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq"]).arg(std::env::current_exe().unwrap());
    let output = match child(strace, "of_two_workers").output() {
        Ok(output) => output,
        Err(error) => return eprintln!("skipped: no strace: {error}"),
    };
    let text = String::from_utf8_lossy(&output.stderr);
    if text.contains("PTRACE_TRACEME") || text.contains("ptrace(") {
        return eprintln!("skipped: strace may not do its work: {text}");
    }
    assert!(output.status.success(), "{text}");
    let is_call = |line: &&str| !line.contains("resumed>");
    let is_mark = |line: &&str| line.contains("getrusage(");
    let calls = text.lines().filter(is_call).skip_while(|line| !is_mark(line)).skip(1);
    let calls: Vec<_> = calls.take_while(|line| !is_mark(line)).collect();
    // A ring for each would be two calls a life, by who rings and by who is rung.
    assert!(calls.len() < LIVES, "{} system calls: {:?}", calls.len(), &calls[..20]);
}
