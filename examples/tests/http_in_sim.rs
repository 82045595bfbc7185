//! The examples' HTTP keeps its word on a bad network: every answer is whole, and every connection ends, whatever is cut and reset.
//!
//! Method: the server of `http_hello` and its clients in simulations over many seeds, with no ports. Clients ask until they have their
//! answers; links are cut, lose and reset. A connection that never ended would be reported as a deadlock or a leaked fiber.

use examples::http::{Connection, Status, limits};
use sisal::net::{TcpListener, TcpStream};
use sisal::sim::net::{everywhere, heal, host};
use sisal::{fiber, sim, spawn, time};
use std::cell::Cell;
use std::io::{self, Read, Write};
use std::time::Duration;

/// Seeds, if `SISAL_SEEDS` says nothing else.
const SEEDS: u64 = 1_000;
const CLIENTS: usize = 3;

/// What is sent back for a request: longer than a piece, so that a broken answer is seen.
fn page(target: &str) -> String {
    format!("{target}\n").repeat(200)
}

fn serve(stream: TcpStream) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(mut exchange) = connection.next_exchange()? {
        let page = page(exchange.request().target());
        exchange.respond(Status::OK).body(page.as_bytes())?;
    }
    Ok(())
}

fn accept(listener: &TcpListener) {
    fiber::scope(|s| {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            s.spawn(|| drop(serve(stream)));
        }
    });
}

/// Two requests over one connection; the two answers in full, or an error.
fn ask(client: usize) -> io::Result<String> {
    let connected = time::timeout(Duration::from_secs(5), || TcpStream::connect("server:80"));
    let mut stream = connected.map_err(io::Error::other)??;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET /{client} HTTP/1.1\r\nHost: x\r\n\r\n")?;
    write!(stream, "GET /again HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Whether these are both answers, whole.
fn is_whole(text: &str, client: usize) -> bool {
    let bodies: Vec<_> =
        text.split("HTTP/1.1 200 OK\r\n").filter_map(|answer| answer.split_once("\r\n\r\n")).collect();
    let bodies: Vec<_> = bodies.into_iter().map(|(_, body)| body).collect();
    bodies == [page(&format!("/{client}")), page("/again")]
}

#[test]
fn every_answer_is_whole_or_an_error_and_everything_ends() {
    let (errors, answers) = (Cell::new(0_usize), Cell::new(0_usize));
    let seeds = std::env::var("SISAL_SEEDS").map_or(SEEDS, |seeds| seeds.parse().expect("a number"));
    sim::explore(0..seeds, || {
        everywhere().latency(Duration::from_millis(1)..=Duration::from_millis(40)).loss(0.02).resets(0.02);
        let server = host("server");
        let listener = server.enter(|| TcpListener::bind("server:80")).unwrap();
        let accepting = server.enter(|| spawn(move || accept(&listener)));
        let cutting = spawn(move || {
            for _ in 0..3 {
                time::sleep(Duration::from_millis(sim::choose(400) as u64));
                server.isolate();
                time::sleep(Duration::from_millis(sim::choose(4_000) as u64));
                heal();
            }
        });
        let clients = [0, 1, 2].map(|client| {
            host(&format!("client {client}")).enter(|| {
                spawn(move || {
                    let mut errors = 0;
                    loop {
                        match ask(client) {
                            Ok(text) if is_whole(&text, client) => return errors,
                            // Cut short: HTTP says by the length that it is.
                            Ok(text) => assert!(text.len() < 2 * page("/again").len(), "{text}"),
                            Err(_) => {}
                        }
                        errors += 1;
                    }
                })
            })
        });
        for client in clients {
            errors.set(errors.get() + client.join().unwrap());
            answers.set(answers.get() + 1);
        }
        cutting.join().unwrap();
        // The longest that a client that says nothing is waited for.
        time::sleep(limits::IDLE_WAIT_MAX + limits::WRITE_WAIT_MAX);
        accepting.cancel();
        accepting.join().unwrap();
    });
    assert_eq!(answers.get(), CLIENTS * seeds as usize);
    assert!(errors.get() > seeds as usize / 10, "{} errors: the network was too good", errors.get());
}
