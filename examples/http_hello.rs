//! An HTTP/1.1 server that says hello: a fiber a connection, straight-line blocking code.
//!
//! Look at: `serve` reads like code for a thread. Keep-alive, pipelining, `Date` and the refusals (400, 408, 431) are in
//! `src/http`, which knows nothing of fibers. Ctrl-C or SIGTERM stops accepting, answers what has arrived, and ends.
//!
//! ```text
//! $ cargo run --release --example http_hello
//! listening on 127.0.0.1:8080
//! $ wrk -t1 -c64 -d10s http://127.0.0.1:8080/
//! ```

use examples::http::{Connection, Status};
use examples::server;
use sisal::net::{TcpListener, TcpStream};
use sisal::runtime::Runtime;
use sisal::{channel, go};
use std::io;
use std::time::Duration;

fn serve(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream)?;
    while let Some(mut exchange) = connection.next_exchange()? {
        let response = exchange.respond(Status::OK);
        response.header("Content-Type", "text/plain").body(b"Hello, world!\n")?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let runtime = Runtime::new()?;
    let (stop, stopped) = channel::bounded(1);
    server::on_stop(move || drop(stop))?;
    runtime.run(|| {
        let listener = TcpListener::bind(server::address())?;
        server::announce(listener.local_addr()?)?;
        go!(name = "accept", {
            server::accept_each(&listener, |stream| {
                // A client that goes away in the middle is no concern of the others.
                go!(move || drop(serve(stream)));
            })
        });
        let _: Result<(), _> = stopped.recv();
        io::Result::Ok(())
    })?;
    runtime.shutdown_timeout(Duration::from_secs(10)).map_err(io::Error::other)
}
