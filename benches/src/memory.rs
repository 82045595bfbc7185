//! What the kernel says that a process holds. Linux only; elsewhere the figures are zero.

use std::fs;

/// Resident pages and page tables of process `pid`, in bytes.
pub fn resident(pid: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = |key: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
    };
    (kib("VmRSS:") + kib("VmPTE:")) * 1024
}

/// CPU time of this process's children that have ended, in seconds.
pub fn children_cpu_seconds() -> f64 {
    stat_seconds("self", [13, 14])
}

/// The sum of two fields of `/proc/PID/stat`, counted from behind the name, which are clock ticks.
fn stat_seconds(pid: &str, fields: [usize; 2]) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold spaces.
    let all: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |index: usize| all.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    fields.map(ticks).iter().sum::<f64>() / 100.0
}

/// Memory mappings of this process.
pub fn mappings() -> usize {
    fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count())
}

/// CPU time, user and system, that process `pid` has used, in seconds: the threads' own count of nanoseconds, those that have
/// ended counted by the process's clock ticks.
pub fn cpu_seconds(pid: &str) -> f64 {
    let by_ticks = stat_seconds(pid, [11, 12]);
    let mut by_threads = 0.0;
    for entry in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let line = fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
        by_threads += line.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9;
    }
    if (by_threads - by_ticks).abs() < 0.03 { by_threads } else { by_ticks.max(by_threads) }
}
