//! Goal: gdb lists the fibers of a process and of a core file, and shows the frames of one that is parked.
//! Method: the test runs itself as a child under gdb, which stops where the child aborts; and once more alone, which leaves a core file of the
//! kernel's. (gdb's own `generate-core-file` leaves out every mapping in which a page cannot be read, and so all stacks.) Without gdb, or where
//! the script knows no registers, or the kernel puts core files elsewhere, it says so and passes.

use sisal::runtime::{FiberState, Runtime};
use sisal::{channel, fiber};
use std::process::{Command, Stdio};

const CHILD: &str = "SISAL_TEST_IN_GDB";
const LIST: [&str; 2] = ["-ex", "sisal fibers"];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/gdb/sisal.py");

/// A function to be seen.
#[inline(never)]
fn wait_for_ever(receiver: &channel::Receiver<u64>) -> u64 {
    receiver.recv().unwrap_or(0) + 1
}

fn be_looked_at() -> ! {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let (_keep, receiver) = channel::bounded::<u64>(16);
    let waits = move || {
        wait_for_ever(&receiver);
    };
    let _waits = fiber::Builder::new().name("waits".into()).spawn_on(runtime.handle(), waits).unwrap();
    let _sleeps = runtime.spawn(|| fiber::sleep(std::time::Duration::from_secs(3600)));
    let is_parked = |fiber: &sisal::runtime::FiberDump| fiber.state == FiberState::Parked;
    while runtime.dump().fibers.iter().filter(|fiber| is_parked(fiber)).count() < 2 {}
    std::process::abort()
}

/// Runs gdb, and gives what it says.
fn gdb(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("gdb").args(["--batch", "--nx"]).args(arguments).env(CHILD, "1").output().ok()?;
    let all = [output.stdout, output.stderr].concat();
    Some(String::from_utf8_lossy(&all).into_owned())
}

fn judge(text: &str, number: &str) {
    for part in [
        &format!("#{number} 'waits', home "),
        "parked: recv 0x",
        "parked: sleep, spawned at crates/sisal/tests/gdb.rs:",
        "2 fibers",
        "::wait_for_ever",
        "no fiber #999999",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn fibers_are_listed_and_looked_at() {
    if std::env::var_os(CHILD).is_some() {
        be_looked_at();
    }
    // A release build has line tables alone, and the script reads fields.
    let is_readable = cfg!(target_arch = "x86_64") && cfg!(debug_assertions);
    if !is_readable || gdb(&["--version"]).is_none() {
        println!("no gdb here, no full debuginfo, or another processor: nothing is tested");
        return;
    }
    let own = std::env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    let arguments = ["--exact", "fibers_are_listed_and_looked_at", "--nocapture"];
    let source = format!("source {SCRIPT}");
    let list = ["-ex", "set debuginfod enabled off", "-ex", &source];
    let run = [&list[..], &["-ex", "run"], &LIST].concat();
    let text = gdb(&[&run[..], &["--args", own], &arguments].concat()).unwrap();
    let number = number_of_waits(&text);
    let fiber = format!("sisal fiber {number}");
    let look =
        ["-ex", &fiber, "-ex", "bt", "-ex", "sisal thread", "-ex", "bt 1", "-ex", "sisal fiber 999999"];
    judge(&gdb(&[&run[..], &look, &["--args", own], &arguments].concat()).unwrap(), &number);

    let folder = std::env::temp_dir().join(format!("sisal-gdb-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c unlimited && exec \"$0\" \"$@\"", own]).args(arguments).env(CHILD, "1");
    shell.current_dir(&folder).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    let core = std::fs::read_dir(&folder).unwrap().filter_map(Result::ok).map(|entry| entry.path()).next();
    let text = core.map(|core| {
        let core = core.to_str().unwrap();
        let text = gdb(&[&list[..], &LIST, &[own, core]].concat()).unwrap();
        let number = number_of_waits(&text);
        let fiber = format!("sisal fiber {number}");
        let look = [&look[2..], &["-ex", &fiber, "-ex", "bt"]].concat();
        (gdb(&[&list[..], &LIST, &look, &[own, core]].concat()).unwrap(), number)
    });
    std::fs::remove_dir_all(&folder).unwrap();
    match text {
        Some((text, number)) => judge(&text, &number),
        None => println!("the kernel leaves no core file in the working folder: none is tested"),
    }
}

fn number_of_waits(text: &str) -> String {
    let mut lines = text.lines();
    let found = lines.find_map(|line| line.strip_prefix('#')?.split_once(" 'waits'"));
    found.unwrap_or_else(|| panic!("nobody waits:\n{text}")).0.to_owned()
}
