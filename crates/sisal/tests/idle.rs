//! An idle runtime sleeps: with parked fibers, sleeping fibers and open sockets, no thread of it wakes up.
//!
//! Method: the kernel's count of voluntary context switches of each of the process's threads, twice, after the monitor and
//! the blocking pool have had the time to go to sleep. `SISAL_IDLE_SECONDS` sets how long it watches (3 if not set).

use sisal::net::{TcpListener, TcpStream};
use sisal::runtime::Runtime;
use sisal::{fiber, go};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::time::Duration;

/// How long after the last work everything must be asleep.
const SETTLES_IN: Duration = Duration::from_secs(15);

/// Voluntary context switches by thread, without the one that counts.
fn switches() -> BTreeMap<String, u64> {
    let own = fs::read_link("/proc/thread-self").unwrap().file_name().unwrap().to_owned();
    let mut switches = BTreeMap::new();
    for thread in fs::read_dir("/proc/self/task").unwrap() {
        let thread = thread.unwrap();
        if thread.file_name() == own {
            continue;
        }
        let status = fs::read_to_string(thread.path().join("status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().to_owned()
        };
        let name = format!("{} {}", thread.file_name().to_string_lossy(), field("Name:"));
        switches.insert(name, field("voluntary_ctxt_switches:").parse().unwrap());
    }
    switches
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_wakes_up() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let listener = runtime.run(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        for _ in 0..100 {
            go!(fiber::park);
            go!(|| fiber::sleep(Duration::from_secs(3600)));
        }
        for _ in 0..20 {
            let mut stream = TcpStream::connect(address).unwrap();
            go!(move || stream.read(&mut [0]));
        }
        sisal::blocking(|| ());
        listener
    });
    let open = runtime.run(|| (0..20).map(|_| listener.accept().unwrap().0).collect::<Vec<_>>());
    std::thread::sleep(SETTLES_IN);
    let seconds = std::env::var("SISAL_IDLE_SECONDS").map_or(3, |text| text.parse().unwrap());
    let before = switches();
    std::thread::sleep(Duration::from_secs(seconds));
    assert_eq!(switches(), before);
    assert!(runtime.handle().live_fibers() >= 220);
    drop(open);
}
