//! What several tests need: a child process, and the figures that the kernel keeps about this one.

use std::env;
use std::process::{Command, Output};

const CHILD: &str = "SISAL_CORO_TEST_CHILD";

/// Runs the calling test, whose name is `test`, a second time in a process of its own, where this runs `body` instead. `None`
/// in that process, should `body` return.
#[allow(dead_code, reason = "not every test file has children")]
pub(crate) fn in_child(test: &str, body: impl FnOnce()) -> Option<Output> {
    if env::var(CHILD).is_ok_and(|child| child == test) {
        body();
        return None;
    }
    let mut child = this_program();
    child.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, test);
    Some(child.output().expect("a child process"))
}

/// This program, to be run by what cargo was told to run it by: an emulator's processes start as what they emulate only through
/// that.
fn this_program() -> Command {
    let program = env::current_exe().expect("the path of this program");
    let runner =
        if cfg!(target_arch = "aarch64") { "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER" } else { "" };
    let runner = env::var(runner).unwrap_or_default();
    let mut words = runner.split_whitespace();
    match words.next() {
        None => Command::new(program),
        Some(emulator) => {
            let mut command = Command::new(emulator);
            command.args(words).arg(program);
            command
        }
    }
}

/// What a process has said on its standard error stream.
#[allow(dead_code, reason = "not every test file has children")]
pub(crate) fn error_text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Fails with what the child has said, if it did not succeed.
#[allow(dead_code, reason = "not every test file has children")]
pub(crate) fn assert_success(output: Option<Output>) {
    if let Some(output) = output {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}\n{said}\n{}", output.status, error_text(&output));
    }
}

/// How many memory mappings this process has.
#[allow(dead_code, reason = "not every test file counts")]
pub(crate) fn mappings() -> usize {
    std::fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count())
}

/// How much memory this process has, in KiB.
#[allow(dead_code, reason = "not every test file counts")]
pub(crate) fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or("0");
    line.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or(0)
}
