//! A register on three nodes that outlives partitions, tested in a simulation; and two bugs that the simulation finds.
//!
//! Look at: nodes and clients are plain fibers over plain sockets. Each node runs on a host of its own, a fiber cuts off one node after
//! another, and the seed decides everything: who is cut off and when, how long a packet takes, who runs first. The claim is that of a
//! register: what was acknowledged, or read, is never unseen again (the quorum protocol of Attiya, Bar-Noy and Dolev, 1995). Without the
//! majority, or without telling a majority what one has read, it is broken; with the argument `story` it is told how.
//!
//! ```text
//! $ cargo run --release --example sim_kv
//! as it should be: 300 seeds, nothing unseen
//! a quorum of one: found
//! reads that tell nobody: found
//! ```

use sisal::net::{TcpListener, TcpStream};
use sisal::sim::net::{Host, everywhere, heal, host};
use sisal::sync::Mutex;
use sisal::{fiber, sim, spawn, time};
use std::io::{self, BufRead, BufReader, Write};
use std::time::Duration;

const NODES: [&str; 3] = ["one", "two", "three"];
/// How long a client waits for a node.
const PATIENCE: Duration = Duration::from_millis(40);

/// What the register holds: which write it was, by number and writer, so that no two are alike.
type Version = (u64, u64);

#[derive(Clone, Copy)]
struct Design {
    quorum: usize,
    /// Whether a read tells the others what it has seen, before it says so.
    writes_back: bool,
}

/// A node: answers `get` with its version, and takes every `put` that is newer.
fn serve(listener: &TcpListener) {
    let register = Mutex::new((0, 0));
    fiber::scope(|s| {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            s.spawn(|| answer(stream, &register));
        }
    });
}

fn answer(stream: TcpStream, register: &Mutex<Version>) -> io::Result<()> {
    for line in BufReader::new(&stream).lines() {
        let words: Vec<u64> = line?.split(' ').filter_map(|word| word.parse().ok()).collect();
        let mut version = register.lock();
        if let [number, writer] = words[..] {
            *version = (*version).max((number, writer));
        }
        let answer = format!("{} {}\n", version.0, version.1);
        drop(version);
        (&stream).write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// One question to one node; a line there, a line back.
fn ask(node: &str, question: &str) -> io::Result<Version> {
    let stream = time::timeout(PATIENCE, || TcpStream::connect((node, 80))).map_err(io::Error::other)??;
    stream.set_read_timeout(Some(PATIENCE))?;
    (&stream).write_all(format!("{question}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(&stream).read_line(&mut answer)?;
    let (number, writer) = answer.trim().split_once(' ').ok_or(io::ErrorKind::UnexpectedEof)?;
    let parse = |word: &str| word.parse().map_err(io::Error::other);
    Ok((parse(number)?, parse(writer)?))
}

impl Design {
    /// The newest version that a quorum knows, once all were asked who answer in time.
    fn ask_all(self, question: &str) -> Option<Version> {
        let answers = fiber::scope(|s| {
            let asking = NODES.map(|node| s.spawn(move || ask(node, question)));
            asking.map(|answer| answer.join().unwrap())
        });
        let answers: Vec<_> = answers.into_iter().flatten().collect();
        answers.iter().max().copied().filter(|_| answers.len() >= self.quorum)
    }

    fn write(self, writer: u64) -> Option<Version> {
        let (newest, _) = self.ask_all("get")?;
        self.ask_all(&format!("put {} {writer}", newest + 1))?;
        Some((newest + 1, writer))
    }

    fn read(self) -> Option<Version> {
        let newest = self.ask_all("get")?;
        if self.writes_back {
            self.ask_all(&format!("put {} {}", newest.0, newest.1))?;
        }
        Some(newest)
    }
}

/// Three nodes, two clients, and somebody who pulls cables.
fn scenario(design: Design) {
    everywhere().latency(Duration::from_micros(100)..=Duration::from_millis(15));
    let nodes = NODES.map(host);
    let servers = nodes.clone().map(|node| {
        node.enter(|| {
            let listener = TcpListener::bind((node.ip(), 80)).unwrap();
            fiber::Builder::new().name(node.name()).spawn(move || serve(&listener)).unwrap()
        })
    });
    // The newest version that anybody has seen, or was told to be written.
    let seen = Mutex::new((0, 0));
    let cutting = spawn(move || cut_cables(&nodes));
    fiber::scope(|s| {
        for client in 1..=2 {
            let (seen, place) = (&seen, host(&format!("client {client}")));
            let work = move || {
                for _ in 0..8 {
                    let before = *seen.lock();
                    let writes = sim::choose(2) == 0;
                    let Some(now) = (if writes { design.write(client) } else { design.read() }) else {
                        continue;
                    };
                    assert!(
                        now >= before,
                        "client {client} sees {now:?}, and {before:?} was seen before that"
                    );
                    let mut seen = seen.lock();
                    *seen = (*seen).max(now);
                }
            };
            place.enter(|| s.spawn(work));
        }
    });
    cutting.cancel();
    cutting.join().unwrap();
    for server in servers {
        server.cancel();
        server.join().unwrap();
    }
}

/// Cuts off some nodes, then others, until it is asked to end.
fn cut_cables(nodes: &[Host]) {
    while !fiber::is_cancelled() {
        // 0 is the calm choice, to which a failure is shrunk.
        nodes.iter().filter(|_| sim::choose(2) == 1).for_each(Host::isolate);
        time::sleep(Duration::from_millis(20 + sim::choose(80) as u64));
        heal();
        time::sleep(Duration::from_millis(5 + sim::choose(20) as u64));
    }
}

fn main() {
    let tells = std::env::args().nth(1).is_some_and(|word| word == "story");
    sim::explore(0..300, || scenario(Design { quorum: 2, writes_back: true }));
    println!("as it should be: 300 seeds, nothing unseen");
    let bugs = [
        ("a quorum of one", Design { quorum: 1, writes_back: true }),
        ("reads that tell nobody", Design { quorum: 2, writes_back: false }),
    ];
    for (name, design) in bugs {
        let report = sim::Builder::new().search(0..10_000, || scenario(design));
        let report = report.expect("the bug should have been found");
        assert!(report.contains("was seen before that"), "{report}");
        println!("{name}: found");
        if tells {
            println!("{report}\n");
        }
    }
}
