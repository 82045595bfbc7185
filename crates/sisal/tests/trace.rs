//! Goal: what is recorded of a schedule is well formed and true: each begin has an end, nobody does two things at once, arrows lead from
//! causes to effects; and the file comes when it is to.
//! Method: programs of many waits on 1, 2 and 4 workers; the JSON goes through a parser of others, and is then judged track by track. What
//! ends a process, or happens at its end, is tested in a child.

use serde_json::Value;
use sisal::runtime::{Runtime, Trace};
use sisal::sync::Mutex;
use sisal::{channel, fiber};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What no wait is over before it has begun.
const LONG: Duration = Duration::from_millis(10);
/// The two processes of the file.
const WORKERS: u64 = 1001;
const FIBERS: u64 = 1002;
const CHILD: &str = "SISAL_TEST_TRACED";

/// A folder of one test's own, which goes when it is done.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sisal-trace-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("out.json")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What stands between a begin and its end; times in nanoseconds.
#[derive(Debug, Clone)]
struct Slice {
    begin: u64,
    end: u64,
    name: String,
    fiber: Option<u64>,
}

/// What kind of arrow it is, and its two ends, each a worker and a time.
type Arrow = (String, (u64, u64), (u64, u64));

/// A file, judged.
#[derive(Debug, Default)]
struct Judged {
    workers: HashMap<u64, Vec<Slice>>,
    fibers: HashMap<u64, Vec<Slice>>,
    names: HashMap<u64, String>,
    arrows: Vec<Arrow>,
    panics: usize,
}

fn nanos(row: &Value) -> u64 {
    (row["ts"].as_f64().unwrap() * 1000.0).round() as u64
}

impl Judged {
    fn of(json: &[u8]) -> Self {
        let file: Value = serde_json::from_slice(json).unwrap();
        let mut judged = Self::default();
        let mut open: HashMap<(u64, u64), Slice> = HashMap::new();
        let mut tails: HashMap<u64, (String, (u64, u64))> = HashMap::new();
        for row in file["traceEvents"].as_array().unwrap() {
            let (process, thread) = (row["pid"].as_u64().unwrap(), row["tid"].as_u64().unwrap());
            let name = row["name"].as_str().unwrap_or_default().to_owned();
            match row["ph"].as_str().unwrap() {
                "M" if process == FIBERS && name == "thread_name" => {
                    judged.names.insert(thread, row["args"]["name"].as_str().unwrap().to_owned());
                }
                "M" => {}
                "B" => {
                    let fiber = row["args"]["fiber"].as_u64();
                    let slice = Slice { begin: nanos(row), end: 0, name, fiber };
                    assert!(open.insert((process, thread), slice).is_none(), "two at once: {row}");
                }
                "E" => {
                    let mut slice = open.remove(&(process, thread)).expect("an end without a begin");
                    slice.end = nanos(row);
                    let tracks = if process == WORKERS { &mut judged.workers } else { &mut judged.fibers };
                    tracks.entry(thread).or_default().push(slice);
                }
                "s" => {
                    tails.insert(row["id"].as_u64().unwrap(), (name, (thread, nanos(row))));
                }
                "f" => {
                    let (kind, from) = tails.remove(&row["id"].as_u64().unwrap()).expect("no tail");
                    judged.arrows.push((kind, from, (thread, nanos(row))));
                }
                "i" => judged.panics += 1,
                other => panic!("what is {other}?"),
            }
        }
        assert!(open.is_empty() && tails.is_empty(), "without an end: {open:?} {tails:?}");
        judged.judge();
        judged
    }

    fn read(path: &Path) -> Self {
        Self::of(&std::fs::read(path).unwrap())
    }

    fn judge(&self) {
        for track in self.workers.values().chain(self.fibers.values()) {
            assert_apart(track);
        }
        // Nobody runs in two places at once, with or without a name.
        let mut runs: HashMap<u64, Vec<Slice>> = HashMap::new();
        for slice in self.workers.values().flatten() {
            if let Some(fiber) = slice.fiber {
                runs.entry(fiber).or_default().push(slice.clone());
            }
        }
        for slices in runs.values_mut() {
            slices.sort_by_key(|slice| (slice.begin, slice.end));
            assert_apart(slices);
        }
        // Its own track says the same as the workers'.
        for (fiber, track) in &self.fibers {
            let running = track.iter().filter(|slice| slice.name == "running");
            let own: Vec<_> = running.map(|slice| (slice.begin, slice.end)).collect();
            let seen = runs.get(fiber).map(Vec::as_slice).unwrap_or_default();
            let seen: Vec<_> = seen.iter().map(|slice| (slice.begin, slice.end)).collect();
            assert_eq!(own, seen, "fiber {fiber}");
        }
        for (kind, (from, tail), (to, head)) in &self.arrows {
            assert!(tail <= head, "{kind}: {tail} to {head}");
            for (worker, at) in [(from, tail), (to, head)] {
                let is_in = |slice: &Slice| slice.fiber.is_some() && (slice.begin..=slice.end).contains(at);
                assert!(self.workers[worker].iter().any(is_in), "{kind}: no slice at {worker}, {at}");
            }
        }
    }

    fn has_arrow(&self, kind: &str) -> bool {
        self.arrows.iter().any(|arrow| arrow.0 == kind)
    }

    /// Whether a fiber whose name begins so has a slice whose name begins so.
    fn has(&self, fiber: &str, slice: &str) -> bool {
        let of_name = self.fibers.iter().filter(|(id, _)| self.names[id].starts_with(fiber));
        of_name.flat_map(|(_, track)| track).any(|other| other.name.starts_with(slice))
    }
}

/// One after another.
fn assert_apart(slices: &[Slice]) {
    for slice in slices {
        assert!(slice.begin <= slice.end, "{slice:?}");
    }
    for pair in slices.windows(2) {
        assert!(pair[0].end <= pair[1].begin, "{pair:?}");
    }
}

#[track_caller]
fn go(name: &str, f: impl FnOnce() + Send + 'static) -> fiber::JoinHandle<()> {
    fiber::Builder::new().name(name.into()).spawn(f).unwrap()
}

/// A bit of everything.
fn work(rounds: usize) {
    let (ping, pinged) = channel::bounded::<usize>(1);
    let (pong, ponged) = channel::bounded::<usize>(0);
    let counter = Arc::new(Mutex::new(0));
    let mut fibers = vec![
        go("ping", move || {
            for n in 0..rounds {
                ping.send(n).unwrap();
                assert_eq!(ponged.recv(), Ok(n));
            }
        }),
        go("pong", move || pinged.iter().for_each(|n| pong.send(n).unwrap())),
        go("sleeper", || (0..3).for_each(|_| fiber::sleep(LONG))),
        go("caller", || (0..3).for_each(|_| sisal::blocking(|| std::thread::sleep(LONG)))),
    ];
    for n in 0..4 {
        let counter = Arc::clone(&counter);
        fibers.push(go(&format!("locker \"{n}\""), move || {
            for _ in 0..rounds {
                let mut counter = counter.lock();
                *counter += 1;
                sisal::yield_now();
            }
        }));
    }
    let nameless: Vec<_> = (0..rounds).map(|_| sisal::spawn(sisal::yield_now)).collect();
    nameless.into_iter().for_each(|fiber| fiber.join().unwrap());
    fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
    assert_eq!(*counter.lock(), 4 * rounds);
}

fn judge_work(judged: &Judged) {
    assert!(judged.has_arrow("spawn") && judged.has_arrow("wake"), "{:?}", judged.arrows.len());
    assert!(judged.has("ping", "parked: "), "{judged:?}");
    assert!(
        judged.has("pong", "parked: recv on channel 0x") || judged.has("pong", "parked: send on channel")
    );
    assert!(judged.has("sleeper", "parked: sleep") && judged.has("caller", "parked: blocking pool"));
    assert!(judged.has("locker \"3\"", "ready"));
    let mut slices = judged.workers.values().flatten();
    assert!(slices.any(|slice| slice.name.contains("trace.rs:")), "who has no name has a place");
}

#[test]
fn all_that_was_done_is_there() {
    for workers in [1, 2, 4] {
        let folder = Folder::new(&format!("all-{workers}"));
        let runtime = Runtime::builder().workers(workers).trace(folder.file()).build().unwrap();
        runtime.run(|| work(100));
        drop(runtime);
        let judged = Judged::read(&folder.file());
        judge_work(&judged);
        assert_eq!((judged.fibers.len(), judged.panics), (8, 0));
        // The first thing seen of each is that it was spawned, and its joining ends the test: nothing is left open.
        let begins = judged.fibers.values().all(|track| track[0].name == "ready");
        assert!(begins, "{:?}", judged.fibers.values().map(|track| &track[0]).collect::<Vec<_>>());
    }
}

#[test]
fn unlikely_orders_are_well_formed_too() {
    for seed in 0..10 {
        let folder = Folder::new(&format!("odd-{seed}"));
        let builder = Runtime::builder().workers(4).chaos(seed).trace(folder.file());
        let runtime = builder.build().unwrap();
        runtime.run(|| work(50));
        drop(runtime);
        judge_work(&Judged::read(&folder.file()));
    }
}

#[test]
fn what_fits_on_the_tape_is_well_formed() {
    let folder = Folder::new("short");
    let trace = Trace::to(folder.file()).events(500);
    let runtime = Runtime::builder().workers(2).trace(trace).build().unwrap();
    runtime.run(|| work(2_000));
    drop(runtime);
    let judged = Judged::read(&folder.file());
    let slices: usize = judged.workers.values().map(Vec::len).sum();
    assert!((100..=1_000).contains(&slices), "{slices}");
    assert!(Runtime::builder().trace(Trace::to("x").events(0)).build().is_err());
}

#[test]
fn a_theft_is_an_arrow() {
    let folder = Folder::new("theft");
    let runtime = Runtime::builder().workers(2).trace(folder.file()).build().unwrap();
    runtime.run(|| {
        let is_taken = Arc::new(AtomicBool::new(false));
        let taken = Arc::clone(&is_taken);
        let stolen = go("stolen", move || taken.store(true, Ordering::Relaxed));
        // It holds its worker, so that only the other one can run it.
        while !is_taken.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
        stolen.join().unwrap();
    });
    drop(runtime);
    let judged = Judged::read(&folder.file());
    let (_, from, to) = judged.arrows.iter().find(|arrow| arrow.0 == "steal").expect("a theft");
    assert_ne!(from.0, to.0);
}

#[test]
fn a_while_is_recorded_on_request() {
    for workers in [1, 2, 4] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let goes_on = Arc::new(AtomicBool::new(true));
        let busy = runtime.spawn({
            let goes_on = Arc::clone(&goes_on);
            move || {
                while goes_on.load(Ordering::Relaxed) {
                    work(20);
                }
            }
        });
        // From a bare thread and from a fiber, one at a time and two at once.
        let record = |handle: &sisal::runtime::Handle| {
            let mut json = Vec::new();
            handle.record(Duration::from_millis(200)).write_json(&mut json).unwrap();
            Judged::of(&json)
        };
        // Where others have the processors, all of a while may pass without a turn.
        let is_told = move |handle: &sisal::runtime::Handle| {
            let is_told = |judged: &Judged| judged.has_arrow("wake") && judged.has("ping", "running");
            (0..100).any(|_| is_told(&record(handle)))
        };
        for _ in 0..2 {
            let handle = runtime.handle().clone();
            let from_fiber = runtime.spawn(move || is_told(&handle));
            assert!(is_told(runtime.handle()) && from_fiber.join().unwrap());
        }
        goes_on.store(false, Ordering::Relaxed);
        busy.join().unwrap();
        // Nothing is kept any more.
        assert!(record(runtime.handle()).fibers.is_empty());
    }
}

/// Runs this program again, with only that test in it, and gives what it has written to stderr.
fn child(test: &str, folder: &Folder, prepare: impl FnOnce(&mut Command)) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(CHILD, folder.file());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    prepare(&mut command);
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_environment_asks_for_the_default_runtime_too() {
    if std::env::var_os(CHILD).is_some() {
        sisal::run(|| work(10));
        return;
    }
    let folder = Folder::new("env");
    let text = child("the_environment_asks_for_the_default_runtime_too", &folder, |command| {
        command.env("SISAL_TRACE", folder.file());
    });
    assert!(folder.file().exists(), "{text}");
    judge_work(&Judged::read(&folder.file()));
}

#[test]
fn a_panic_has_the_flight_recorder_written() {
    if let Some(path) = std::env::var_os(CHILD) {
        let trace = Trace::to(path).last(Duration::from_secs(60));
        let runtime = Runtime::builder().workers(2).trace(trace).build().unwrap();
        runtime.run(|| {
            work(10);
            assert!(go("unlucky", || panic!("on purpose")).join().is_err());
            go("later", || ()).join().unwrap();
        });
        return;
    }
    let folder = Folder::new("panic");
    let text = child("a_panic_has_the_flight_recorder_written", &folder, |_| ());
    assert!(folder.file().exists(), "{text}");
    let judged = Judged::read(&folder.file());
    assert!(judged.has("unlucky", "running") && judged.has("pong", "running"), "{judged:?}");
    assert!(!judged.has("later", "running"), "the end has written over it");
}

#[test]
fn a_signal_has_the_flight_recorder_written() {
    if let Some(path) = std::env::var_os(CHILD) {
        let path = PathBuf::from(path);
        sisal::signal::trace_on(sisal::signal::SIGUSR2).unwrap();
        let trace = Trace::to(&path).last(Duration::from_secs(60));
        let runtime = Runtime::builder().workers(2).trace(trace).build().unwrap();
        runtime.run(|| work(10));
        let kill = Command::new("kill").args(["-USR2", &std::process::id().to_string()]).status();
        assert!(kill.unwrap().success());
        // Nothing else writes it before the end, which does not come.
        loop {
            let is_whole = std::fs::read(&path).is_ok_and(|json| json.ends_with(b"]}\n"));
            if is_whole {
                std::process::abort();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let folder = Folder::new("signal");
    let text = child("a_signal_has_the_flight_recorder_written", &folder, |_| ());
    assert!(folder.file().exists(), "{text}");
    judge_work(&Judged::read(&folder.file()));
}

#[test]
fn only_the_last_is_in_a_flight_recorder() {
    let folder = Folder::new("last");
    let trace = Trace::to(folder.file()).last(Duration::from_millis(20));
    let runtime = Runtime::builder().workers(1).trace(trace).build().unwrap();
    runtime.run(|| {
        go("early", || ()).join().unwrap();
        fiber::sleep(Duration::from_millis(60));
    });
    // Other tests of this process may have some, too.
    assert!(sisal::runtime::write_traces().unwrap() >= 1);
    let judged = Judged::read(&folder.file());
    assert!(!judged.has("early", ""), "{judged:?}");
    assert!(judged.workers.values().flatten().any(|slice| slice.name == "asleep"), "{judged:?}");
    drop(runtime);
    // What cannot be written is said on stderr, and nothing else happens.
    drop(Runtime::builder().workers(1).trace(folder.0.join("no/where")).build().unwrap());
}
