//! Goal: a program that is stuck in every way says so at a signal: each fiber with its reason and where it was spawned, a crowd as one
//! entry, and the circle by its name; although one worker is held.
//! Method: the test runs itself again as a child, which gets stuck; then sends it SIGQUIT, and reads its stderr.

use sisal::runtime::{FiberState, Runtime};
use sisal::sync::{Barrier, Mutex};
use sisal::{channel, fiber, net, signal};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const CHILD: &str = "SISAL_TEST_STUCK";
const CROWD: usize = 10_000;

#[track_caller]
fn go(runtime: &Runtime, name: &str, f: impl FnOnce() + Send + 'static) {
    drop(fiber::Builder::new().name(name.to_owned()).spawn_on(runtime.handle(), f).unwrap());
}

/// Gets stuck, says so, and stays.
fn be_stuck() -> ! {
    signal::dump_on(signal::SIGQUIT).unwrap();
    let runtime = Runtime::builder().workers(2).hog_threshold(Duration::MAX).build().unwrap();
    let locks = Arc::new([const { Mutex::new(()) }; 2]);
    let both = Arc::new(Barrier::new(2));
    for (name, first) in [("left", 0), ("right", 1)] {
        let (locks, both) = (Arc::clone(&locks), Arc::clone(&both));
        go(&runtime, name, move || {
            let _first = locks[first].lock();
            both.wait();
            drop(locks[1 - first].lock());
        });
    }
    let (_keep, receive) = channel::bounded::<()>(16);
    for _ in 0..CROWD {
        let receive = receive.clone();
        runtime.spawn(move || receive.recv());
    }
    go(&runtime, "sleeper", || fiber::sleep(Duration::from_secs(3600)));
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    go(&runtime, "reader", move || drop(stream.read(&mut [0])));
    let is_parked = |fiber: &sisal::runtime::FiberDump| fiber.state == FiberState::Parked;
    while runtime.dump().fibers.iter().filter(|fiber| is_parked(fiber)).count() < CROWD + 4 {}
    let hogs = Arc::new(AtomicBool::new(false));
    go(&runtime, "hog", {
        let hogs = Arc::clone(&hogs);
        move || loop {
            hogs.store(true, Ordering::Relaxed);
        }
    });
    while !hogs.load(Ordering::Relaxed) {}
    // So that the circle has lasted for two ticks.
    std::thread::sleep(Duration::from_millis(50));
    println!("stuck");
    loop {
        std::thread::park();
    }
}

#[test]
fn a_stuck_program_tells_why() {
    if std::env::var_os(CHILD).is_some() {
        be_stuck();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_stuck_program_tells_why", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("stuck")));
    assert!(Command::new("kill").args(["-QUIT", &child.id().to_string()]).status().unwrap().success());
    // The groups are sorted by size, then by number: the hog is the last, with two lines.
    let mut text = String::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
        let is_last = text.contains("'hog', runs");
        text += &line;
        text.push('\n');
        if is_last {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for part in [
        "10005 fibers live on 2 workers",
        "deadlock of 2 fibers",
        "'left' waits for mutex 0x",
        "10000 fibers, parked: recv on channel 0x",
        "(0 of 16)",
        "'sleeper', parked: sleep, until +3",
        "'reader', parked: read ",
        "'hog', runs on worker ",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    // One place for each of: the two in the circle, twice; the crowd; sleeper, reader and hog.
    assert_eq!(text.matches("spawned at crates/sisal/tests/dump_by_signal.rs:").count(), 8, "{text}");
}
