//! The server under test: this very program, started again, possibly under a tool.
//!
//! It echoes until its standard input ends, and then reports what it has seen.

use sisal::fiber;
use sisal::net::{ListenOptions, TcpStream};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Set in the environment of a server process: the bytes of its send buffers, or 0 for the system's choice.
const SEND_BUFFER: &str = "SISAL_FAULTS_SEND_BUFFER";
/// How long a connection may be silent. The tests' clients never are for that long unless they mean it.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(3);

static ACCEPT_ERRORS: AtomicUsize = AtomicUsize::new(0);
static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);

/// Not a test of its own: what [`Server::start`] runs.
#[test]
#[ignore = "the server of the other tests"]
fn server_process() {
    let Ok(send_buffer) = std::env::var(SEND_BUFFER) else { return };
    let mut options = ListenOptions::new();
    if let bytes @ 1.. = send_buffer.parse().unwrap() {
        options.send_buffer_size(bytes);
    }
    let runtime = sisal::runtime::Runtime::builder().workers(2).build().unwrap();
    runtime.run(move || {
        let listener = options.tcp("127.0.0.1:0").unwrap();
        println!("\nlistening on {}", listener.local_addr().unwrap());
        let accepting = fiber::spawn(move || {
            for stream in listener.incoming() {
                match stream {
                    Ok(stream) => drop(fiber::spawn(move || echo(stream))),
                    Err(_) if fiber::is_cancelled() => return,
                    Err(_) => drop(ACCEPT_ERRORS.fetch_add(1, Ordering::Relaxed)),
                }
            }
        });
        // By a thread: the test counts descriptors, and a wait for one of others takes a copy of it.
        sisal::blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).unwrap();
        accepting.cancel();
        accepting.join().unwrap();
    });
    runtime.shutdown_timeout(Duration::from_secs(5)).unwrap();
    println!("\nseen {} {}", CONNECTIONS.load(Ordering::Relaxed), ACCEPT_ERRORS.load(Ordering::Relaxed));
}

fn echo(mut stream: TcpStream) {
    CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    stream.set_read_timeout(Some(SILENCE_MAX)).unwrap();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

/// A server process.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

/// What a server has seen when it ends.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) accept_errors: usize,
}

impl Server {
    /// A server under `tool`, a program with its arguments; `None` if there is no such program, or it may not do its work.
    pub(crate) fn start_under(tool: &[&str], send_buffer: usize) -> Option<Self> {
        if let [program, arguments @ ..] = tool {
            let works = Command::new(program).args(arguments).arg("true").stderr(Stdio::null()).status();
            if !works.is_ok_and(|status| status.success()) {
                eprintln!("not shown: `{program}` is not installed, or not allowed here");
                return None;
            }
        }
        let own = std::env::current_exe().unwrap();
        let own = own.to_str().unwrap();
        let line: Vec<_> = tool.iter().copied().chain([own]).collect();
        let mut child = Command::new(line[0])
            .args(&line[1..])
            .args(["--exact", "server::server_process", "--ignored", "--nocapture"])
            .env(SEND_BUFFER, send_buffer.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let address = line_after(&mut output, "listening on ").parse().unwrap();
        Some(Self { child, output, address })
    }

    pub(crate) fn start() -> Self {
        Self::start_under(&[], 0).expect("no tool that could be missing")
    }

    /// Its number, if it runs under no tool.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it end, which it must, and in order.
    pub(crate) fn end(mut self) -> Seen {
        drop(self.child.stdin.take());
        let line = line_after(&mut self.output, "seen ");
        let mut numbers = line.split(' ').map(|number| number.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        let seen = Seen { connections: next(), accept_errors: next() };
        std::io::copy(&mut self.output, &mut std::io::sink()).unwrap();
        assert!(self.child.wait().unwrap().success());
        seen
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line_after(output: &mut impl BufRead, start: &str) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the server ended early");
        if let Some(rest) = line.trim_end().strip_prefix(start) {
            return rest.to_owned();
        }
    }
}

/// A client that says `message` and wants it back.
pub(crate) fn talk(stream: &mut std::net::TcpStream, message: &[u8]) {
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(message).unwrap();
    let mut answer = vec![0; message.len()];
    stream.read_exact(&mut answer).unwrap();
    assert!(answer == message, "the echo is another one");
}

pub(crate) fn client(address: SocketAddr) -> std::net::TcpStream {
    std::net::TcpStream::connect_timeout(&address, Duration::from_secs(30)).unwrap()
}

/// The kilobytes that stand behind `name` in a process's status.
pub(crate) fn kilobytes(pid: u32, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

pub(crate) fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// The CPU time that a process has used, in hundredths of a second.
pub(crate) fn cpu_ticks(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // Behind the name, which stands in brackets: user and system time are the 12th and 13th field from there.
    let fields: Vec<_> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
