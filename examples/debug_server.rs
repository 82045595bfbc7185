//! A server that says what its fibers do, as Go's `net/http/pprof`.
//!
//! Look at: a few lines of `src/debug.rs` are added to any server. Here some visitors wait for one another at `/wait`; `/debug/fibers`
//! shows each of them, with what it waits for and in which functions, `/debug/trace?seconds=5` records what they do, for Perfetto, and
//! `/debug/metrics` is for Prometheus.
//!
//! ```text
//! $ cargo run --release --example debug_server
//! listening on 127.0.0.1:8080
//! $ curl 127.0.0.1:8080/wait & curl 127.0.0.1:8080/wait & curl 127.0.0.1:8080/debug/fibers
//! ```

use examples::debug;
use examples::http::{Connection, Status};
use examples::server::{self, Client};
use sisal::sync::Notify;
use std::io;

/// Who is at `/wait` stays there until somebody asks for `/go`.
static GO: Notify = Notify::new();

fn serve(client: Client) -> io::Result<()> {
    let mut connection = Connection::new(client)?;
    while let Some(mut exchange) = connection.next_exchange()? {
        if debug::respond(&mut exchange)? {
            continue;
        }
        match exchange.request().path() {
            "/wait" => GO.wait(),
            "/go" => drop(GO.notify_all()),
            _ => {
                exchange.respond(Status::NOT_FOUND).body(b"there are /wait, /go and /debug/fibers\n")?;
                continue;
            }
        }
        exchange.respond(Status::OK).header("Content-Type", "text/plain").body(b"on you go\n")?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    server::run(serve)
}
