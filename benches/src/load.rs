//! The load generator for servers: a child process with connections that ask and wait for the answer, over and over.
//!
//! Runs on one thread. What is answered to a question has always the same length, which the first answer tells.

use crate::clock::percentile;
use std::io;
use std::net::SocketAddr;
use std::process;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval_at};

/// The word by which a program of ours knows that it is a generator.
pub const WORD: &str = "load";
/// Time to warm up, not measured.
const WARM_UP: Duration = Duration::from_millis(500);

/// What one connection does.
#[derive(Clone, Debug)]
struct Talk {
    address: SocketAddr,
    question: &'static [u8],
    /// From one question to the next; without, as soon as the answer is there.
    pace: Option<Duration>,
    from: Instant,
    until: Instant,
}

/// Loads as `arguments` (after [`WORD`]) say: address, `echo` or `http`, connections, seconds, questions a second (0: any
/// number). Prints figures. Does not return.
pub fn run(arguments: &[String]) -> ! {
    let usage = || -> ! {
        eprintln!("load ADDRESS echo|http CONNECTIONS SECONDS RATE");
        process::exit(2)
    };
    let [address, kind, numbers @ ..] = arguments else { usage() };
    let (Ok(address), Ok(numbers)) =
        (address.parse(), numbers.iter().map(|text| text.parse()).collect::<Result<Vec<u32>, _>>())
    else {
        usage()
    };
    let &[connections, seconds, rate] = &*numbers else { usage() };
    let question: &[u8] =
        if kind == "echo" { &[b'x'; 64] } else { b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" };
    let pace = (rate > 0).then(|| Duration::from_secs(1) * connections / rate);
    let from = Instant::now() + WARM_UP;
    let until = from + Duration::from_secs(seconds.into());
    let talk = Talk { address, question, pace, from, until };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio starts");
    let mut late_us = runtime.block_on(all(talk, connections)).unwrap_or_else(|error| {
        eprintln!("the server fails: {error}");
        process::exit(1)
    });
    println!("figure requests {}", late_us.len());
    println!("figure requests_per_s {}", late_us.len() as f64 / f64::from(seconds));
    println!("figure p50_us {}", percentile(&mut late_us, 0.5));
    println!("figure p99_us {}", percentile(&mut late_us, 0.99));
    process::exit(0)
}

async fn all(talk: Talk, connections: u32) -> io::Result<Vec<f64>> {
    let talks: Vec<_> = (0..connections)
        .map(|index| {
            // Spread, so that not all ask at once.
            let offset = talk.pace.map_or(Duration::ZERO, |pace| pace * index / connections);
            tokio::spawn(one(talk.clone(), offset))
        })
        .collect();
    let mut late_us = Vec::new();
    for talk in talks {
        late_us.extend(talk.await.expect("a connection's task ends")?);
    }
    Ok(late_us)
}

/// Talks until it is time to stop; gives how long each answer took that was asked for within the time that counts.
async fn one(talk: Talk, offset: Duration) -> io::Result<Vec<f64>> {
    let mut stream = TcpStream::connect(talk.address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(talk.question).await?;
    let mut answer = vec![0; answer_length(&mut stream, talk.question).await?];
    let mut ticks = talk.pace.map(|pace| {
        let mut ticks = interval_at((Instant::now() + offset).into(), pace);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    });
    let mut late_us = Vec::new();
    loop {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        let asked = Instant::now();
        if asked >= talk.until {
            return Ok(late_us);
        }
        stream.write_all(talk.question).await?;
        stream.read_exact(&mut answer).await?;
        if asked >= talk.from {
            late_us.push(asked.elapsed().as_nanos() as f64 / 1e3);
        }
    }
}

/// Reads the first answer and says how long it was: as long as the question, or what an HTTP head says.
async fn answer_length(stream: &mut TcpStream, question: &[u8]) -> io::Result<usize> {
    if !question.starts_with(b"GET ") {
        stream.read_exact(&mut vec![0; question.len()]).await?;
        return Ok(question.len());
    }
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let whole = head.len() + 4 + length.ok_or(io::ErrorKind::InvalidData)?;
        if !text.starts_with("http/1.1 200") {
            return Err(io::Error::other(head.lines().next().unwrap_or("").to_owned()));
        }
        if answer.len() >= whole {
            return Ok(whole);
        }
    }
}
