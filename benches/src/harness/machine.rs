//! Where and with what the figures were measured.

use super::programs::go_command;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The crates whose versions the table names.
const CRATES: &[&str] = &["tokio", "may", "smol", "crossbeam-channel", "hyper", "may_minihttp"];

/// One line each.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Processor and number of CPUs.
    pub processor: String,
    /// The operating system.
    pub system: String,
    /// Compilers and peers.
    pub versions: String,
    /// When.
    pub date: String,
    /// How busy the machine was before the first row.
    pub load: String,
}

impl Machine {
    /// Asks the machine.
    pub fn look() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let models = info.lines().filter_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
        let cpus = models.clone().count();
        Self {
            processor: format!("{cpus} x {}", models.clone().next().unwrap_or("unknown")),
            system: said("uname", &["-sr"]),
            versions: versions(),
            date: said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            load: load(),
        }
    }
}

/// The kernel's load average of the last minute.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

fn versions() -> String {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap_or_default();
    let mut all = vec![said("rustc", &["--version"])];
    for name in CRATES {
        let version = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).map(|(_, rest)| rest);
        let version = version.and_then(|rest| rest.split('"').next()).unwrap_or("?");
        all.push(format!("{name} {version}"));
    }
    all.push(said(&go_command(), &["version"]).replace("go version ", ""));
    all.join(", ")
}

/// What a command prints, on one line; "unknown" where there is no such command.
fn said(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output();
    output.map_or("unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
