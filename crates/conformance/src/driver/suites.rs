//! The published suites: which files, which names become which, what is left out and why.

use super::rewrite::Replacement;

/// What of a file is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Whole,
    /// From the first `mod tests` on.
    TestModules,
}

/// A published file with tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File {
    /// Its module in the generated crate.
    pub(crate) module: &'static str,
    /// Its path in the package.
    pub(crate) path: &'static str,
    pub(crate) part: Part,
    pub(crate) replace: &'static [Replacement],
    /// Tests that are not about the types' public behaviour, each with the reason.
    pub(crate) left_out: &'static [(&'static str, &'static str)],
}

/// Where the published text comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// A package in the registry, and how its version begins.
    Registry(&'static str, &'static str),
    /// The standard library's sources, as Debian packages them.
    Std,
}

/// One package's tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) origin: Origin,
    /// Whether its tests would take ports or names from one another.
    pub(crate) one_at_a_time: bool,
    pub(crate) edition: &'static str,
    pub(crate) files: &'static [File],
    /// Fewer tests than this mean that some were lost on the way.
    pub(crate) tests_min: usize,
}

const fn whole(module: &'static str, path: &'static str, replace: &'static [Replacement]) -> File {
    File { module, path, part: Part::Whole, replace, left_out: &[] }
}

/// The suites, by name.
pub(crate) const SUITES: &[Suite] = &[CHANNELS, LOCKS, STD_NET];

const CHANNEL: Replacement = ("crossbeam_channel", "sisal::channel");
const SCOPE: Replacement = ("crossbeam_utils::thread::scope", "conformance::scope::scope");
const THREAD: Replacement = ("std::thread", "conformance::thread");

const CHANNELS: Suite = Suite {
    name: "channels",
    origin: Origin::Registry("crossbeam-channel", "0.5."),
    one_at_a_time: false,
    edition: "2021",
    files: &[
        whole("after", "tests/after.rs", &[CHANNEL, SCOPE, THREAD]),
        whole("array", "tests/array.rs", &[CHANNEL, SCOPE, THREAD]),
        whole(
            "golang",
            "tests/golang.rs",
            &[
                CHANNEL,
                THREAD,
                (
                    "use std::sync::{Arc, Condvar, Mutex};",
                    "use conformance::std_sync::{Arc, Condvar, Mutex};",
                ),
            ],
        ),
        whole("iter", "tests/iter.rs", &[CHANNEL, SCOPE]),
        whole("list", "tests/list.rs", &[CHANNEL, SCOPE, THREAD]),
        whole("mpsc", "tests/mpsc.rs", &[("crossbeam_channel_internal", "select"), CHANNEL, THREAD]),
        whole("never", "tests/never.rs", &[CHANNEL, THREAD]),
        whole("ready", "tests/ready.rs", &[CHANNEL, SCOPE, THREAD]),
        whole("same_channel", "tests/same_channel.rs", &[CHANNEL]),
        whole("select", "tests/select.rs", &[CHANNEL, SCOPE, THREAD]),
        whole("select_macro", "tests/select_macro.rs", &[CHANNEL, SCOPE, THREAD]),
        whole("thread_locals", "tests/thread_locals.rs", &[CHANNEL, SCOPE, THREAD]),
        whole("tick", "tests/tick.rs", &[CHANNEL, SCOPE, THREAD]),
        whole("zero", "tests/zero.rs", &[CHANNEL, SCOPE, THREAD]),
    ],
    tests_min: 391,
};

const PRIVATE: &str = "calls a private method of parking_lot's";
const SERDE: &str = "serialises: sisal has no serde feature";
const ARC_LOCK: &str = "an `Arc` guard: a feature that sisal has not";
const LOCKS_TYPES: Replacement = ("use crate::{", "use sisal::sync::{");
const MPSC: Replacement = ("use std::sync::mpsc::channel;", "use conformance::mpsc::channel;");

const LOCKS: Suite = Suite {
    name: "locks",
    origin: Origin::Registry("parking_lot", "0.12."),
    one_at_a_time: false,
    edition: "2021",
    files: &[
        File {
            module: "mutex",
            path: "src/mutex.rs",
            part: Part::TestModules,
            replace: &[LOCKS_TYPES, MPSC, THREAD],
            left_out: &[("test_serde", SERDE)],
        },
        File {
            module: "condvar",
            path: "src/condvar.rs",
            part: Part::TestModules,
            replace: &[
                LOCKS_TYPES,
                MPSC,
                THREAD,
                (
                    "use std::{collections::VecDeque, sync::Arc, thread, time::Duration};",
                    "use {conformance::thread, std::{collections::VecDeque, sync::Arc, time::Duration}};",
                ),
            ],
            left_out: &[
                ("wait_while_until_internal_does_not_wait_if_initially_false", PRIVATE),
                ("wait_while_until_internal_times_out_before_false", PRIVATE),
                ("wait_while_until_internal", PRIVATE),
            ],
        },
        File {
            module: "rwlock",
            path: "src/rwlock.rs",
            part: Part::TestModules,
            replace: &[LOCKS_TYPES, MPSC, THREAD],
            left_out: &[("test_serde", SERDE), ("test_issue_430", ARC_LOCK)],
        },
        File {
            module: "once",
            path: "src/once.rs",
            part: Part::TestModules,
            replace: &[("use crate::Once;", "use sisal::sync::Once;"), MPSC, THREAD],
            left_out: &[],
        },
        whole(
            "issue_203",
            "tests/issue_203.rs",
            &[("use parking_lot::", "use sisal::sync::"), ("use std::thread;", "use conformance::thread;")],
        ),
        whole("issue_392", "tests/issue_392.rs", &[("use parking_lot::", "use sisal::sync::")]),
    ],
    tests_min: 70,
};

const REST_OF_STD: Replacement = ("crate::", "std::");
const READ_BUF: &str = "`Read::read_buf` is unstable: on a stable compiler only std has it";
const UNSTABLE: &str = "an unstable method of std's, which sisal has not";
const STD_CHANNEL: Replacement = ("use crate::sync::mpsc::channel;", "use conformance::mpsc::channel;");
const STD_HELP: Replacement = ("crate::net::test::", "super::help::");

const STD_NET: Suite = Suite {
    name: "std-net",
    origin: Origin::Std,
    one_at_a_time: true,
    edition: "2024",
    files: &[
        whole("help", "std/src/net/test.rs", &[REST_OF_STD]),
        File {
            module: "tcp",
            path: "std/src/net/tcp/tests.rs",
            part: Part::Whole,
            replace: &[
                STD_CHANNEL,
                STD_HELP,
                (
                    "use crate::net::*;",
                    "use {std::net::*, sisal::net::{TcpListener, TcpStream}, conformance::error_kind::*};",
                ),
                ("use crate::{fmt, thread};", "use {std::fmt, conformance::thread};"),
                ("io::{BorrowedBuf, ", "io::{"),
                // A kind without a public name; it is one of several that are right.
                ("e.kind() == ErrorKind::Uncategorized", "format!(\"{:?}\", e.kind()) == \"Uncategorized\""),
                REST_OF_STD,
            ],
            left_out: &[("read_buf", READ_BUF)],
        },
        whole(
            "udp",
            "std/src/net/udp/tests.rs",
            &[
                STD_CHANNEL,
                STD_HELP,
                (
                    "use crate::net::*;",
                    "use {std::net::*, sisal::net::UdpSocket, conformance::error_kind::*};",
                ),
                ("udpsock.0.socket().as_raw()", "std::os::fd::AsRawFd::as_raw_fd(&udpsock)"),
                ("use crate::thread;", "use conformance::thread;"),
                REST_OF_STD,
            ],
        ),
        File {
            module: "unix",
            path: "std/src/os/unix/net/tests.rs",
            part: Part::Whole,
            replace: &[
                (
                    "use super::*;",
                    "use {std::os::unix::net::*, sisal::net::{UnixDatagram, UnixListener, UnixStream}};",
                ),
                (
                    "use crate::os::linux::net::{SocketAddrExt, UnixSocketExt};",
                    "use std::os::linux::net::SocketAddrExt;",
                ),
                ("use crate::thread;", "use conformance::thread;"),
                (
                    "use crate::test_helpers::tmpdir;\nuse crate::sys_common::io::test::tmpdir;",
                    "use conformance::tmpdir;",
                ),
                REST_OF_STD,
            ],
            left_out: &[
                ("test_unix_stream_peek", UNSTABLE),
                ("test_unix_datagram_peek", UNSTABLE),
                ("test_unix_datagram_peek_from", UNSTABLE),
                ("test_send_vectored_fds_unix_stream", UNSTABLE),
                ("test_send_vectored_with_ancillary_to_unix_datagram", UNSTABLE),
                ("test_send_vectored_with_ancillary_unix_datagram", UNSTABLE),
            ],
        },
    ],
    // One more from std 1.96 on.
    tests_min: 77,
};
