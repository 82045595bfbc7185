//! Fetches many pages at once and gathers them in order.
//!
//! Look at: a fiber a page, each of which writes its result straight into its place in the list, because a `scope` lends it.
//! A semaphore bounds how many are on their way. Each page takes its time, so one after the other would take as long as
//! their sum. Without an argument the program asks a server that it runs itself.
//!
//! ```text
//! $ cargo run --release --example fetch_all
//! 1000 pages, 200 at once: 990 good, 10 failed, 52254 bytes
//! the first that failed: /4: 404 Not Found
//! in 0.24 s; one after the other: 36.0 s
//! $ cargo run --release --example fetch_all 127.0.0.1:8080 5000
//! ```

use examples::http::{Connection, Status};
use sisal::net::{TcpListener, TcpStream};
use sisal::sync::Semaphore;
use sisal::{fiber, go};
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

const AT_ONCE: usize = 200;
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const ANSWER_SIZE_MAX: u64 = 1024 * 1024;

struct Page {
    body: Vec<u8>,
    took: Duration,
}

fn fetch(address: &str, path: &str) -> io::Result<Page> {
    let start = Instant::now();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(WAIT_MAX))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_SIZE_MAX).read_to_end(&mut answer)?;

    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let size = match head.parse(&answer).map_err(io::Error::other)? {
        httparse::Status::Complete(size) => size,
        httparse::Status::Partial => return Err(io::ErrorKind::UnexpectedEof.into()),
    };
    if head.code != Some(200) {
        let reason = head.reason.unwrap_or_default();
        return Err(io::Error::other(format!("{path}: {} {reason}", head.code.unwrap_or_default())));
    }
    Ok(Page { body: answer.split_off(size), took: start.elapsed() })
}

fn fetch_all(address: &str, count: usize) -> Vec<io::Result<Page>> {
    let mut pages: Vec<_> = (0..count).map(|_| Err(io::ErrorKind::NotFound.into())).collect();
    let places = Semaphore::new(AT_ONCE);
    fiber::scope(|s| {
        for (n, page) in pages.iter_mut().enumerate() {
            let permit = places.acquire();
            s.spawn(move || {
                *page = fetch(address, &format!("/{n}"));
                drop(permit);
            });
        }
    });
    pages
}

/// Serves pages that take 10 to 50 ms; one in a hundred does not exist.
fn slow_server(listener: &TcpListener) {
    for stream in listener.incoming().flatten() {
        go!(move || {
            let mut connection = Connection::new(stream)?;
            while let Some(mut exchange) = connection.next_exchange()? {
                let path = exchange.request().path();
                let n: u64 = path[1..].parse().unwrap_or(0);
                sisal::sleep(Duration::from_millis(10 + n * 7 % 41));
                let text = format!("this is the page at {path}, in full: nothing, {n} times");
                match n % 100 {
                    4 => exchange.respond(Status::NOT_FOUND).body(b"")?,
                    _ => exchange.respond(Status::OK).body(text.as_bytes())?,
                }
            }
            io::Result::Ok(())
        });
    }
}

#[sisal::main]
fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = match arguments.next() {
        Some(address) => address,
        None => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let address = listener.local_addr()?.to_string();
            go!(move || slow_server(&listener));
            address
        }
    };
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(1_000);

    let start = Instant::now();
    let pages = fetch_all(&address, count);
    let took = start.elapsed();

    let good: Vec<_> = pages.iter().flatten().collect();
    let bytes: usize = good.iter().map(|page| page.body.len()).sum();
    let sum: Duration = good.iter().map(|page| page.took).sum();
    println!(
        "{count} pages, {AT_ONCE} at once: {} good, {} failed, {bytes} bytes",
        good.len(),
        count - good.len()
    );
    if let Some(error) = pages.iter().find_map(|page| page.as_ref().err()) {
        println!("the first that failed: {error}");
    }
    println!("in {:.2} s; one after the other: {:.1} s", took.as_secs_f64(), sum.as_secs_f64());
    Ok(())
}
