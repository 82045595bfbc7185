//! How many small requests a second, at what CPU time each, and how late?
//!
//! sisal's server is the example `http_hello`, with all its limits and timeouts; the others are hyper on tokio, may_minihttp,
//! which parses the head and little more, and Go's net/http. In the rows that count, the server has one worker and CPU 0, and
//! the generator CPU 1; in the others, two workers share both CPUs with it.

use super::echo::announce;
use super::prelude::*;
use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;

const HELLO: &str = "Hello, world!\n";
const SHARED: &str = "server and generator share the CPUs";
const SATURATED: &str = "where the generator takes 90 % of its CPU, it is what is measured";

const CPU: Figure = Figure::new("cpu_us", "µs");
const RATE: Figure = Figure::new("requests_per_s", "/s").rising();
const P50: Figure = Figure::new("p50_us", "µs").aside("the 99th percentile counts");
const P99: Figure = Figure::new("p99_us", "µs");
const LOAD: Figure = Figure::new("load_percent", "%").aside("CPU of the generator");
const PINNED: &[Figure] = &[RATE.aside(SATURATED), CPU.target(6.5), P50, P99, LOAD];
const TWO: &[Figure] = &[RATE.aside(SHARED), CPU.aside(SHARED), P50, P99.aside(SHARED), LOAD];
const PACED: &[Figure] = &[CPU, P50, P99, RATE.aside("given"), LOAD];

const fn row(
    name: &'static str,
    title: &'static str,
    figures: &'static [Figure],
    connections: &'static [usize],
) -> Row {
    Row::new(name, title, figures)
        .family("http", connections)
        .example("http_hello")
        .peers(&[(Peer::Tokio, tokio), (Peer::May, may)])
        .serve(Load::Http)
}

pub(super) const FEW: Row = row("http-64", "HTTP, 64 connections, 1 worker", PINNED, &[64]).workers(1);
pub(super) const MANY: Row = row("http-512", "HTTP, 512 connections, 1 worker", PINNED, &[512]).workers(1);
pub(super) const FEW_TWO: Row = row("http-64-two", "HTTP, 64 connections, 2 workers", TWO, &[64]).workers(2);
pub(super) const MANY_TWO: Row =
    row("http-512-two", "HTTP, 512 connections, 2 workers", TWO, &[512]).workers(2);
/// A fifth of what the slowest server manages here with one worker.
pub(super) const HALF_IDLE: Row =
    row("http-paced", "HTTP, 64 connections, 12,800 requests/s", PACED, &[64, 12_800])
        .workers(2)
        .serve(Load::HttpPaced);

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(HELLO.as_bytes())));
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static("text/plain"));
    Ok(response)
}

fn tokio(setup: &Setup) -> Figures {
    peers::tokio::run(setup, async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        announce(listener.local_addr());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                stream.set_nodelay(true)?;
                let connection = http1::Builder::new()
                    .pipeline_flush(true)
                    .serve_connection(TokioIo::new(stream), service_fn(hello));
                // A client that goes away is its own affair.
                _ = connection.await;
                io::Result::Ok(())
            });
        }
    })
}

#[derive(Clone)]
struct Hello;

impl may_minihttp::HttpService for Hello {
    fn call(
        &mut self,
        _: may_minihttp::Request<'_, '_, '_>,
        response: &mut may_minihttp::Response<'_>,
    ) -> io::Result<()> {
        response.header("Content-Type: text/plain").body(HELLO);
        Ok(())
    }
}

fn may(setup: &Setup) -> Figures {
    may::config().set_workers(setup.workers);
    // It does not say on which port it listens: a free one is found for it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.expect("a port is free");
    let server = may_minihttp::HttpServer(Hello).start(address).expect("the port is still free");
    announce(Ok(address));
    server.wait();
    unreachable!("a server serves for ever")
}
