//! A filter of system calls (seccomp), as containers have: calls that an old one does not know, and calls that are forbidden.

use crate::bench::{beside_traffic, in_child};
use sisal::net::{TcpListener, UdpSocket};
use sisal::runtime::Runtime;
use std::io::ErrorKind;
use std::process::Command;
use std::time::Duration;

/// From now on, each thread of this process gets that error from those calls.
fn filter(calls: &[libc::c_long], error: libc::c_int) {
    let statement = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    // The number of the call; a jump for each that is refused, over those behind it and over the leave for the rest.
    let mut program = vec![statement(0x20, 0, 0, 0)];
    for (index, &call) in calls.iter().enumerate() {
        program.push(statement(0x15, (calls.len() - index) as u8, 0, call as u32));
    }
    program.push(statement(0x06, 0, 0, libc::SECCOMP_RET_ALLOW));
    program.push(statement(0x06, 0, 0, libc::SECCOMP_RET_ERRNO | error as u32));
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: a program that the kernel reads during the call, for all threads of this process.
    let result = unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_TSYNC);
        libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program)
    };
    assert_eq!(result, 0, "{}", std::io::Error::last_os_error());
}

/// What the system has learned in the last years, and an old filter answers as an old system would.
const NEW_CALLS: [libc::c_long; 5] = [
    libc::SYS_clone3,
    libc::SYS_close_range,
    libc::SYS_epoll_pwait2,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_open,
];

#[test]
fn calls_that_an_old_filter_does_not_know() {
    in_child("filtered::calls_that_an_old_filter_does_not_know", &[], || {
        filter(&NEW_CALLS, libc::ENOSYS);
        let runtime = Runtime::builder().workers(2).build().unwrap();
        crate::bench::with_traffic_on(runtime, |runtime| {
            runtime.run(|| {
                sisal::sleep(Duration::from_millis(1));
                assert_eq!(sisal::blocking(|| 7), 7);
                assert!(sisal::process::Command::new("true").status().unwrap().success());
            });
        });
    });
}

#[test]
fn calls_that_a_filter_forbids_later() {
    beside_traffic("filtered::calls_that_a_filter_forbids_later", &[], |runtime| {
        let calls = [libc::SYS_socket, libc::SYS_execve, libc::SYS_madvise];
        filter(&calls, libc::EPERM);
        runtime.run(|| {
            for error in [
                TcpListener::bind("127.0.0.1:0").map(drop).unwrap_err(),
                UdpSocket::bind("127.0.0.1:0").map(drop).unwrap_err(),
                Command::new("true").status().map(drop).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            }
        });
    });
}
