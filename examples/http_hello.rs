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

use examples::http::{Connection, Exchange, Status};
use examples::server::{self, Client};
use std::io;

/// What comes with a request is counted. It is read like a file, whether its length was said or it comes in chunks.
#[cold]
fn count(exchange: &mut Exchange<'_, Client>) -> io::Result<()> {
    let size = io::copy(&mut exchange.body(), &mut io::sink())?;
    let text = format!("You sent {size} bytes.\n");
    exchange.respond(Status::OK).header("Content-Type", "text/plain").body(text.as_bytes())
}

fn serve(client: Client) -> io::Result<()> {
    client.stream().set_nodelay(true)?;
    let mut connection = Connection::new(client)?;
    while let Some(mut exchange) = connection.next_exchange()? {
        if exchange.request().content_length() != Some(0) {
            // If that fails, the connection tells the client why, and ends.
            let _ = count(&mut exchange);
            continue;
        }
        let response = exchange.respond(Status::OK);
        response.header("Content-Type", "text/plain").body(b"Hello, world!\n")?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    server::run(serve)
}
