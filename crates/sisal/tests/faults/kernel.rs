//! What the system does to a process from outside: it stops it, interrupts it, moves it, and takes its CPU time.

use crate::bench::{beside_traffic, in_child};
use sisal::net::{UnixListener, UnixStream};
use sisal::runtime::Runtime;
use std::io::{ErrorKind, Write};
use std::process::{Command, id};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// Runs `script` with this process's number in `$P`; whether it went well.
fn sh(script: &str) -> bool {
    Command::new("sh").args(["-c", script]).env("P", id().to_string()).status().unwrap().success()
}

#[test]
fn stopped_and_continued() {
    beside_traffic("kernel::stopped_and_continued", &[], |_| {
        assert!(sh("kill -STOP $P; sleep 0.2; kill -CONT $P"));
    });
}

#[test]
fn stopped_again_and_again() {
    beside_traffic("kernel::stopped_again_and_again", &[], |_| {
        assert!(sh("for n in 1 2 3 4 5 6 7 8 9 10; do kill -STOP $P; sleep 0.01; kill -CONT $P; done"));
    });
}

extern "C" fn ignore(_: libc::c_int) {}

/// Sets a handler that does nothing, and after which system calls are not restarted.
fn interrupt_by(signal: libc::c_int) {
    // SAFETY: all zeros is a valid `sigaction`, and the handler may be called anywhere, since it does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = ignore as *const () as usize;
        assert_eq!(libc::sigaction(signal, &raw const action, std::ptr::null_mut()), 0);
    }
}

#[test]
fn signals_to_every_thread() {
    beside_traffic("kernel::signals_to_every_thread", &[], |_| {
        interrupt_by(libc::SIGUSR1);
        for _ in 0..500 {
            for thread in fs::read_dir("/proc/self/task").unwrap() {
                let thread: i32 = thread.unwrap().file_name().to_str().unwrap().parse().unwrap();
                // SAFETY: a signal with a handler, to a thread of this process, or to none.
                unsafe { libc::syscall(libc::SYS_tgkill, id(), thread, libc::SIGUSR1) };
            }
        }
    });
}

#[test]
fn an_alarm_every_millisecond() {
    beside_traffic("kernel::an_alarm_every_millisecond", &[], |_| {
        interrupt_by(libc::SIGALRM);
        let set = |micros| {
            let time = libc::timeval { tv_sec: 0, tv_usec: micros };
            let timer = libc::itimerval { it_interval: time, it_value: time };
            // SAFETY: a valid value; its signal has a handler.
            let result =
                unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
            assert_eq!(result, 0);
        };
        set(1_000);
        let until = Instant::now() + Duration::from_millis(300);
        while Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
        set(0);
    });
}

#[test]
fn a_broken_pipe_with_the_signals_default() {
    beside_traffic("kernel::a_broken_pipe_with_the_signals_default", &[], |runtime| {
        // SAFETY: the default, which ends the process.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        runtime.run(|| {
            let (mut one, other) = UnixStream::pair().unwrap();
            drop(other);
            assert_eq!(one.write_all(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
            let listener = sisal::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let mut stream = sisal::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            drop(listener.accept().unwrap());
            let failed = (0..1_000).find_map(|_| {
                sisal::sleep(Duration::from_millis(1));
                stream.write_all(b"x").err()
            });
            let kind = failed.unwrap().kind();
            assert!(matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{kind}");
        });
    });
}

/// Moves all threads to the processors of that list.
fn move_to(processors: &str) {
    assert!(sh(&format!("taskset -acp {processors} $P > /dev/null")));
}

#[test]
fn one_processor_left() {
    beside_traffic("kernel::one_processor_left", &["taskset", "1"], |_| move_to("0"));
}

#[test]
fn processors_that_come_and_go() {
    beside_traffic("kernel::processors_that_come_and_go", &[], |_| {
        let last = thread::available_parallelism().unwrap().get() - 1;
        for n in 0..20 {
            move_to(&if n % 2 == 0 { format!("{last}") } else { format!("0-{last}") });
        }
    });
}

#[test]
fn the_lowest_priority() {
    beside_traffic("kernel::the_lowest_priority", &[], |_| {
        assert!(sh("for t in /proc/$P/task/*; do renice -n 19 -p ${t##*/} > /dev/null; done"));
    });
}

#[test]
fn a_tenth_of_a_processor() {
    beside_traffic("kernel::a_tenth_of_a_processor", &[], |_| {
        let group = format!("/sys/fs/cgroup/cpu/sisal-faults-{}", id());
        if fs::create_dir(&group).is_err() {
            return eprintln!("not shown: no control group may be made here");
        }
        let set = |file: &str, text: String| fs::write(format!("{group}/{file}"), text).is_ok();
        if set("cpu.cfs_period_us", "50000".into()) && set("cpu.cfs_quota_us", "5000".into()) {
            assert!(set("cgroup.procs", id().to_string()));
            thread::sleep(Duration::from_millis(500));
        }
        let back = fs::write("/sys/fs/cgroup/cpu/cgroup.procs", id().to_string());
        let _ = back.and_then(|()| fs::remove_dir(&group));
    });
}

#[test]
fn a_clock_far_ahead() {
    let tool = ["unshare", "--time", "--monotonic", "1000000000", "--boottime", "1000000000", "--fork"];
    beside_traffic("kernel::a_clock_far_ahead", &tool, |runtime| {
        runtime.run(|| {
            let start = Instant::now();
            sisal::sleep(Duration::from_millis(5));
            assert!(start.elapsed() >= Duration::from_millis(5));
        });
    });
}

#[test]
fn no_standard_streams() {
    let tool = ["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"];
    in_child("kernel::no_standard_streams", &tool, || {
        // Descriptors 0 to 2 may be the runtime's own now.
        let runtime = Runtime::builder().workers(2).build().unwrap();
        runtime.run(|| {
            let path = std::env::temp_dir().join(format!("sisal-faults-{}", id()));
            let listener = UnixListener::bind(&path).unwrap();
            let accepts = sisal::spawn(move || drop(listener.accept().unwrap()));
            drop(UnixStream::connect(&path).unwrap());
            accepts.join().unwrap();
            fs::remove_file(path).unwrap();
        });
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    });
}

#[test]
fn system_calls_that_take_long() {
    let tool = trace("inject=epoll_wait,epoll_pwait,write,recvfrom:delay_enter=1000:when=1+3");
    beside_traffic("kernel::system_calls_that_take_long", &tool, |_| ());
}

#[test]
fn advice_that_is_refused() {
    let tool = trace("inject=madvise:error=EAGAIN");
    beside_traffic("kernel::advice_that_is_refused", &tool, |runtime| {
        // One after the other: a guard that no advice makes splits a mapping.
        (0..10).for_each(|_| runtime.spawn(sisal::yield_now).join().unwrap());
    });
}

/// `strace` that does this and nothing else.
pub(crate) fn trace(inject: &str) -> [&str; 7] {
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject]
}
