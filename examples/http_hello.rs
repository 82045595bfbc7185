//! An HTTP/1.1 server that says hello: a fiber a connection, straight-line blocking code.
//!
//! Look at: `serve` reads like code for a thread. Keep-alive, pipelining, `Date` and the refusals (400, 408, 413, 431) are in
//! `src/http`, which knows nothing of fibers. Ctrl-C or SIGTERM stops accepting, answers what has arrived, and ends.
//!
//! ```text
//! $ cargo run --release --example http_hello
//! listening on 127.0.0.1:8080
//! $ wrk -t1 -c64 -d10s http://127.0.0.1:8080/
//! ```

use examples::http::{Connection, Status};
use examples::server::{self, Client};
use std::io;

fn serve(client: Client) -> io::Result<()> {
    client.stream().set_nodelay(true)?;
    let mut connection = Connection::new(client)?;
    while let Some(mut exchange) = connection.next_exchange()? {
        let response = exchange.respond(Status::OK);
        response.header("Content-Type", "text/plain").body(b"Hello, world!\n")?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    server::run(serve)
}
