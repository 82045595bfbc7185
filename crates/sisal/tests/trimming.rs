//! After a burst of fibers their stacks' memory goes back to the system: by itself, whether the process idles or goes on
//! with less, and when the runtime ends. (That nothing wakes up afterwards is `idle.rs`.)
//!
//! Method: the kernel's figures for this process, in which nothing else runs.

#![cfg(target_os = "linux")]

use sisal::runtime::Runtime;
use sisal::sync::WaitGroup;
use sisal::{channel, fiber};
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const FIBERS: usize = 100_000;
/// How much more than before may still be there.
const LEFT_MIB: usize = 64;
/// When the next of it is gone.
const WITHIN: Duration = Duration::from_secs(10);

/// Tests that measure the process run one at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn resident_mib() -> usize {
    let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = text.lines().find(|line| line.starts_with("Rss:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// Two workers that report no hogs: on a busy machine a burst is one, and the names in its report cost 70 MiB.
fn runtime() -> Runtime {
    Runtime::builder().workers(2).hog_threshold(Duration::MAX).build().unwrap()
}

/// Parks that many fibers at once, and lets them go when all are parked. The resident memory meanwhile.
fn burst(runtime: &Runtime) -> usize {
    runtime.run(|| {
        let (release, released) = channel::bounded::<()>(0);
        let parked = WaitGroup::new();
        let fibers: Vec<_> = (0..FIBERS)
            .map(|_| {
                let (released, parked) = (released.clone(), parked.clone());
                fiber::spawn(move || {
                    drop(parked);
                    released.recv().unwrap_err();
                })
            })
            .collect();
        parked.wait();
        let resident = resident_mib();
        drop(release);
        fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
        resident
    })
}

fn wait_for_trimming(before: usize, during: usize) {
    // A burst may begin with pages that the one before has left.
    assert!(during > 4 * FIBERS / 1024, "{before} MiB before, {during} in the burst");
    let (mut least, mut since) = (during, Instant::now());
    loop {
        let now = resident_mib();
        if now <= before + LEFT_MIB {
            return;
        }
        if now < least {
            (least, since) = (now, Instant::now());
        }
        // On a busy machine all of it takes longer.
        assert!(
            since.elapsed() < WITHIN,
            "{before} MiB before, {during} in the burst, still {now} after {WITHIN:?} without less"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn of_an_idle_process() {
    let _alone = ALONE.lock();
    let runtime = runtime();
    for _ in 0..2 {
        let before = resident_mib();
        let during = burst(&runtime);
        wait_for_trimming(before, during);
    }
    runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
}

#[test]
fn of_a_process_that_goes_on_with_less() {
    let _alone = ALONE.lock();
    let runtime = runtime();
    let before = resident_mib();
    let during = burst(&runtime);
    let (stop, stopped) = channel::bounded::<()>(0);
    let busy = runtime.spawn(move || {
        while stopped.try_recv() == Err(channel::TryRecvError::Empty) {
            (0..100).map(|_| fiber::spawn(fiber::yield_now)).for_each(|fiber| fiber.join().unwrap());
        }
    });
    wait_for_trimming(before, during);
    drop(stop);
    busy.join().unwrap();
    runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
}

#[test]
fn of_a_runtime_that_ends() {
    let _alone = ALONE.lock();
    let before = resident_mib();
    let runtime = runtime();
    let during = burst(&runtime);
    // A burst may begin with pages that the one before has left.
    assert!(during > 4 * FIBERS / 1024, "{before} MiB before, {during} in the burst");
    runtime.shutdown_timeout(Duration::from_secs(10)).unwrap();
    let after = resident_mib();
    assert!(after <= before + LEFT_MIB, "{before} MiB before, {during} in the burst, {after} afterwards");
}
