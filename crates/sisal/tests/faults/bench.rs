//! A fault in a process of its own, beside traffic of which every message is counted; and a look at what it has left behind.

use crate::server::eventually;
use sisal::runtime::Runtime;
use sisal::{channel, fiber, net, time};
use std::fs;
use std::io::{Read, Write};
use std::process::{self, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

const CHILD: &str = "SISAL_FAULTS_CHILD";
/// How long a child may take, besides a soak.
const LONGEST: Duration = Duration::from_secs(120);
/// What a child ends with that has come to the end of its test.
pub(crate) const SURVIVED: i32 = 42;
/// Mappings that the allocator, the system's cache of thread stacks and a batch of 32 stacks may add, whose guards split a mapping
/// where the kernel has no advice for guards.
const MAPPINGS_SLACK: usize = 96;

/// Runs `f` in a child that runs the test of that name alone, under `tool`, and looks whether its descriptors, threads and
/// mappings are as many after it as before. A tool that is not there, or may not do its work, makes the test pass.
pub(crate) fn in_child(test: &str, tool: &[&str], f: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        let before = Baseline::take();
        f();
        before.assert_back();
        process::exit(SURVIVED);
    }
    if let [program, arguments @ ..] = tool {
        let tried = Command::new(program).args(arguments).arg("true").stderr(Stdio::null()).status();
        if !tried.is_ok_and(|status| status.success()) {
            return eprintln!("not shown: `{program}` is not installed, or not allowed here");
        }
    }
    let own = std::env::current_exe().unwrap();
    let mut child = Command::new("timeout");
    let time = LONGEST + soak_time();
    child.args(["--signal=KILL", &time.as_secs().to_string()]).args(tool).arg(own);
    child.args(["--exact", test, "--include-ignored", "--nocapture"]).env(CHILD, "1");
    let output = child.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(SURVIVED), "{test}: {} {text}", output.status);
    text.lines().filter(|line| line.starts_with("soak: ")).for_each(|line| eprintln!("{line}"));
}

/// How long the soak takes.
pub(crate) fn soak_time() -> Duration {
    let seconds = std::env::var("SISAL_SOAK_SECONDS").map_or(10, |text| text.parse().unwrap());
    Duration::from_secs(seconds)
}

/// Runs `f` in a child, beside traffic on a runtime of two workers. Every message must come, once.
pub(crate) fn beside_traffic(test: &str, tool: &[&str], f: impl FnOnce(&Runtime)) {
    if std::env::var_os(CHILD).is_some() {
        // What the process keeps for good: the slab of stacks, the allocator's arenas, the cache of thread stacks.
        let before = Baseline::take();
        with_traffic(|runtime| runtime.run(|| sisal::blocking(|| ())));
        before.wait();
    }
    in_child(test, tool, || with_traffic(f));
}

fn with_traffic(f: impl FnOnce(&Runtime)) {
    // A report of a hog would have a thread of its own, and that its time.
    with_traffic_on(Runtime::builder().workers(2).hog_threshold(Duration::MAX).build().unwrap(), f);
}

/// Runs `f` beside traffic on `runtime`, which then ends.
pub(crate) fn with_traffic_on(runtime: Runtime, f: impl FnOnce(&Runtime)) {
    let traffic = Traffic::start(&runtime);
    traffic.flows();
    f(&runtime);
    traffic.flows();
    traffic.end();
    runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(runtime.handle().live_fibers(), 0);
}

/// What a process has of the system.
pub(crate) struct Baseline {
    descriptors: usize,
    threads: usize,
    mappings: usize,
}

fn entries(path: &str) -> usize {
    fs::read_dir(path).unwrap().count()
}

fn mappings() -> usize {
    fs::read_to_string("/proc/self/maps").unwrap().lines().count()
}

impl Baseline {
    pub(crate) fn take() -> Self {
        Self {
            descriptors: entries("/proc/self/fd"),
            threads: entries("/proc/self/task"),
            mappings: mappings(),
        }
    }

    /// Waits for what ends by itself.
    pub(crate) fn wait(&self) {
        eventually("no descriptor is left", || entries("/proc/self/fd") == self.descriptors);
        eventually("no thread is left", || entries("/proc/self/task") == self.threads);
    }

    pub(crate) fn assert_back(&self) {
        self.wait();
        let mappings = mappings();
        assert!(mappings <= self.mappings + MAPPINGS_SLACK, "{} mappings, then {mappings}", self.mappings);
    }
}

const PRODUCERS: usize = 4;
const CONSUMERS: usize = 2;

/// Fibers that send numbered messages over a channel, and numbered words over a socket, until they are told to stop.
struct Traffic {
    stop: Arc<AtomicBool>,
    received: Arc<AtomicU64>,
    producers: Vec<fiber::JoinHandle<u64>>,
    consumers: Vec<fiber::JoinHandle<Vec<(usize, u64)>>>,
    writer: fiber::JoinHandle<u64>,
    reader: fiber::JoinHandle<u64>,
}

impl Traffic {
    fn start(runtime: &Runtime) -> Self {
        let (stop, received) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (sender, receiver) = channel::bounded(8);
        let producers = (0..PRODUCERS).map(|producer| {
            let (sender, stop) = (sender.clone(), Arc::clone(&stop));
            runtime.spawn(move || count_while(&stop, |n| sender.send((producer, n)).unwrap()))
        });
        let consumers = (0..CONSUMERS).map(|_| {
            let (receiver, received) = (receiver.clone(), Arc::clone(&received));
            let count = move |message| {
                received.fetch_add(1, SeqCst);
                message
            };
            runtime.spawn(move || receiver.iter().map(count).collect())
        });
        let (producers, consumers) = (producers.collect(), consumers.collect());
        let (mut to, mut from) = net::UnixStream::pair().unwrap();
        let until = Arc::clone(&stop);
        let writer = runtime.spawn(move || count_while(&until, |n| to.write_all(&n.to_le_bytes()).unwrap()));
        let reader = runtime.spawn(move || {
            let (mut expected, mut word) = (0, [0; 8]);
            while from.read_exact(&mut word).is_ok() {
                assert_eq!(u64::from_le_bytes(word), expected);
                expected += 1;
            }
            expected
        });
        Self { stop, received, producers, consumers, writer, reader }
    }

    /// Waits until it can be seen that messages come.
    fn flows(&self) {
        let before = self.received.load(SeqCst);
        eventually("messages come", || self.received.load(SeqCst) > before + 100);
    }

    /// The ledger: what was sent is what was received, each message once.
    fn end(self) {
        self.stop.store(true, SeqCst);
        let sent: Vec<u64> = self.producers.into_iter().map(|fiber| fiber.join().unwrap()).collect();
        let mut ledger: Vec<Vec<u64>> = vec![Vec::new(); PRODUCERS];
        for (producer, n) in self.consumers.into_iter().flat_map(|fiber| fiber.join().unwrap()) {
            ledger[producer].push(n);
        }
        for (producer, mut numbers) in ledger.into_iter().enumerate() {
            numbers.sort_unstable();
            assert!(numbers.into_iter().eq(0..sent[producer]), "messages of producer {producer}");
        }
        assert_eq!(self.writer.join().unwrap(), self.reader.join().unwrap(), "words written and read");
    }
}

/// Calls `f` with 0, 1, 2 and so on until it is to stop, with a rest now and then; how many.
fn count_while(stop: &AtomicBool, mut f: impl FnMut(u64)) -> u64 {
    let mut n = 0;
    while !stop.load(SeqCst) {
        f(n);
        n += 1;
        if n % 16 == 0 {
            time::sleep(Duration::from_millis(1));
        }
    }
    n
}
