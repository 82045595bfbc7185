//! Rows whose child is a server: starts it, loads it from another process, and asks the kernel what it took.

use super::measure::parse;
use super::process;
use crate::load;
use crate::memory;
use crate::row::{Load, Row};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, thread};

/// How long one server is loaded, in seconds.
const SECONDS: u32 = 3;
/// How long a server may take to start.
const START: Duration = Duration::from_secs(10);

/// How wrk's line of errors begins where the only ones are late answers.
const SLOW_ONLY: &str = "connect 0, read 0, write 0, timeout";

type Figures = Vec<(String, f64)>;

/// Starts `server`, loads it as `row` says, and kills it.
pub fn measure(row: &Row, load: Load, server: Command, quick: bool) -> Result<Figures, String> {
    let pinned = row.workers == Some(1);
    let mut server = Server::start(server, pinned)?;
    let seconds = if quick { 1 } else { SECONDS };
    match load {
        Load::Http => http(&mut server, row.params[0], seconds, pinned),
        Load::HttpPaced => own(&mut server, "http", row.params, seconds, pinned),
        Load::Echo => own(&mut server, "echo", &[row.params[0], 0], seconds, pinned),
        Load::Idle => idle(&server, if quick { row.params[0] / 10 } else { row.params[0] }),
    }
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(command: Command, pinned: bool) -> Result<Self, String> {
        let mut command = on_cpu(command, pinned.then_some(0));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("cannot start: {error}"))?;
        let stdout = child.stdout.take().expect("piped");
        let (found, address) = mpsc::channel();
        // Reads on until the end, so that the server's pipe never breaks.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(address) = line.strip_prefix("listening on ") {
                    _ = found.send(address.to_owned());
                }
            }
        });
        let address = address.recv_timeout(START);
        let server = Self { child, address: address.clone().unwrap_or_default() };
        address.map_err(|_| "does not say where it listens".to_owned()).map(|_| server)
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have died by itself.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// `command`, bound to one CPU if one is named.
fn on_cpu(command: Command, cpu: Option<usize>) -> Command {
    let Some(cpu) = cpu else { return command };
    let mut bound = Command::new("taskset");
    bound.args(["-c", &cpu.to_string()]).arg(command.get_program()).args(command.get_args());
    bound.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    bound
}

/// The server's and the generator's CPU time around `load`, added to the figures that it gives.
fn with_cpu(
    server: &mut Server,
    seconds: u32,
    load: impl FnOnce(&str) -> Result<Figures, String>,
) -> Result<Figures, String> {
    let before = memory::cpu_seconds(&server.pid());
    let children_before = memory::children_cpu_seconds();
    let mut figures = load(&server.address)?;
    let cpu = memory::cpu_seconds(&server.pid()) - before;
    if let Ok(Some(status)) = server.child.try_wait() {
        return Err(format!("the server died: {status}"));
    }
    let generator = memory::children_cpu_seconds() - children_before;
    let requests = figures.iter().find(|(name, _)| name == "requests").map_or(f64::NAN, |(_, value)| *value);
    figures.push(("cpu_us".to_owned(), cpu * 1e6 / requests));
    figures.push(("load_percent".to_owned(), generator * 100.0 / f64::from(seconds)));
    Ok(figures)
}

/// The generator of our own: connections, requests a second.
fn own(
    server: &mut Server,
    kind: &str,
    params: &[usize],
    seconds: u32,
    pinned: bool,
) -> Result<Figures, String> {
    let &[connections, rate] = params else { unreachable!("connections and a rate") };
    let program = env::current_exe().map_err(|error| error.to_string())?;
    with_cpu(server, seconds, |address| {
        let mut command = Command::new(program);
        command.args([load::WORD, address, kind]);
        command.args([connections, seconds as usize, rate].map(|number| number.to_string()));
        parse(&process::output(&mut on_cpu(command, pinned.then_some(1)))?)
    })
}

/// wrk, which loads harder than ours.
fn http(server: &mut Server, connections: usize, seconds: u32, pinned: bool) -> Result<Figures, String> {
    let wrk = |address: &str, seconds: u32| {
        let mut command = Command::new("wrk");
        command.args(["-t1", "--latency", &format!("-c{connections}"), &format!("-d{seconds}s")]);
        command.arg(format!("http://{address}/"));
        process::output(&mut on_cpu(command, pinned.then_some(1)))
    };
    wrk(&server.address, 1)?;
    with_cpu(server, seconds, |address| parse_wrk(&wrk(address, seconds)?))
}

/// What wrk says, in our words.
fn parse_wrk(said: &str) -> Result<Figures, String> {
    // Answers that take longer than wrk waits show in the 99th percentile; other errors are failures.
    let is_error = |line: &&str| {
        line.contains("Non-2xx") || (line.contains("Socket errors") && !line.contains(SLOW_ONLY))
    };
    if let Some(line) = said.lines().find(is_error) {
        return Err(line.trim().to_owned());
    }
    let after = |start: &str| said.lines().find_map(|line| line.trim().strip_prefix(start)).map(str::trim);
    let requests = said
        .lines()
        .find_map(|line| line.split_once(" requests in "))
        .and_then(|(count, _)| count.trim().parse().ok());
    let rate = after("Requests/sec:").and_then(|rate| rate.parse().ok());
    let (p50, p99) = (after("50%").and_then(microseconds), after("99%").and_then(microseconds));
    let (Some(requests), Some(rate), Some(p50), Some(p99)) = (requests, rate, p50, p99) else {
        return Err("wrk's answer has another form".to_owned());
    };
    let figures = [("requests", requests), ("requests_per_s", rate), ("p50_us", p50), ("p99_us", p99)];
    Ok(figures.map(|(name, value)| (name.to_owned(), value)).to_vec())
}

/// `194.00us`, `2.53ms` or `1.20s`.
fn microseconds(text: &str) -> Option<f64> {
    let (number, factor) = match text {
        _ if text.ends_with("us") => (&text[..text.len() - 2], 1.0),
        _ if text.ends_with("ms") => (&text[..text.len() - 2], 1e3),
        _ => (text.strip_suffix('s')?, 1e6),
    };
    Some(number.parse::<f64>().ok()? * factor)
}

/// What a connection takes that has said something once.
fn idle(server: &Server, connections: usize) -> Result<Figures, String> {
    let one = |address: &str| {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&[b'x'; 64])?;
        stream.read_exact(&mut [0; 64])?;
        std::io::Result::Ok(stream)
    };
    let text = |error: std::io::Error| format!("after some connections: {error}");
    // The first ones pay for what all share.
    let _first = (0..10).map(|_| one(&server.address)).collect::<Result<Vec<_>, _>>().map_err(text)?;
    let before = memory::resident(&server.pid());
    let _all = (0..connections).map(|_| one(&server.address)).collect::<Result<Vec<_>, _>>().map_err(text)?;
    let grown = memory::resident(&server.pid()).saturating_sub(before);
    Ok(vec![("bytes".to_owned(), grown as f64 / connections as f64)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRK: &str = "  Thread Stats   Avg      Stdev     Max   +/- Stdev\n  Latency Distribution\n     50%  194.00us\n     \
                       75%    1.00ms\n     90%    2.00ms\n     99%    2.53ms\n  772450 requests in 5.00s, 113MB \
                       read\nRequests/sec: 154490.12\n";

    #[test]
    fn what_wrk_says() {
        let figures = parse_wrk(WRK).unwrap();
        let values: Vec<f64> = figures.iter().map(|(_, value)| *value).collect();
        assert_eq!(values, [772_450.0, 154_490.12, 194.0, 2_530.0]);
        assert!(
            parse_wrk(&format!("{WRK}  Socket errors: connect 0, read 3, write 0, timeout 0\n")).is_err()
        );
    }
}
