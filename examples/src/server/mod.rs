//! The manners that all server examples share: where they listen, how they say so, how many clients they take, and how they
//! are asked to stop.
//!
//! Knows nothing of what is served.
//!
//! | when | then |
//! |---|---|
//! | [`CONNECTIONS_MAX`] clients are there | the next ones wait in the listener's backlog |
//! | SIGINT or SIGTERM comes | nobody is accepted any more; no more is read from idle clients; what was asked is answered |
//! | everybody has gone, or [`DRAIN_MAX`] later | all fibers are asked to end, by value: their next wait gives an error |
//! | a second signal comes | the program ends at once |

mod client;
mod descriptors;
mod signal;

pub use client::Client;
pub use signal::on_stop;

use client::Room;
use descriptors::Explained;
use sisal::net::TcpListener;
use sisal::runtime::Runtime;
use sisal::{channel, fiber, go};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Where a server listens that was not told otherwise.
pub const ADDRESS: &str = "127.0.0.1:8080";

/// How many clients a server has at once that was not told otherwise.
pub const CONNECTIONS_MAX: usize = 10_000;

/// How long a server waits for its connections to end by themselves.
pub const DRAIN_MAX: Duration = Duration::from_secs(10);

/// How long it waits for its fibers to end after they were asked to.
const END_MAX: Duration = Duration::from_secs(5);

/// How often an accept loop that waits for a place looks whether it should end.
const GLANCE: Duration = Duration::from_millis(100);

/// The program's first argument, or [`ADDRESS`]. Port 0 lets the system choose.
pub fn address() -> String {
    std::env::args().nth(1).unwrap_or_else(|| ADDRESS.to_owned())
}

/// Prints `listening on ADDRESS`, for whoever started this program and waits for it.
///
/// # Errors
/// If standard output is closed.
pub fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening on {address}")?;
    stdout.flush()
}

/// A whole server: listens at [`address`], runs `serve` for each client on a fiber of its own, and ends well on SIGINT or
/// SIGTERM.
///
/// # Errors
/// If it cannot listen, or fibers have not ended when they should.
pub fn run(serve: impl Fn(Client) -> io::Result<()> + Send + Sync + 'static) -> io::Result<()> {
    Server::default().run(serve)
}

/// A server in the making, for those that want something else than [`run`].
#[derive(Clone, Copy, Debug)]
pub struct Server {
    connections_max: usize,
    stack_size: Option<usize>,
}

impl Default for Server {
    fn default() -> Self {
        Self { connections_max: CONNECTIONS_MAX, stack_size: None }
    }
}

impl Server {
    /// At most so many clients at once.
    pub fn connections_max(mut self, count: usize) -> Self {
        self.connections_max = count;
        self
    }

    /// Gives each client's fiber a stack of so many bytes.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// [`run`], by these rules.
    ///
    /// # Errors
    /// See [`run`].
    pub fn run(self, serve: impl Fn(Client) -> io::Result<()> + Send + Sync + 'static) -> io::Result<()> {
        let runtime = Runtime::new()?;
        let (stop, stopped) = channel::bounded(1);
        on_stop(move || drop(stop))?;
        runtime.run(|| {
            let listener = TcpListener::bind(address())?;
            announce(listener.local_addr()?)?;
            let room = Arc::new(Room::new(self.connections_max));
            let serve = Arc::new(serve);
            let accept = {
                let room = room.clone();
                go!(name = "accept", move || self.accept(&listener, &room, &serve))
            };
            let _: Result<(), _> = stopped.recv();
            accept.cancel();
            let _ = accept.join();
            room.close(DRAIN_MAX);
            io::Result::Ok(())
        })?;
        runtime.shutdown_timeout(END_MAX).map_err(io::Error::other)
    }

    fn accept(
        self,
        listener: &TcpListener,
        room: &Arc<Room>,
        serve: &Arc<impl Fn(Client) -> io::Result<()> + Send + Sync + 'static>,
    ) {
        accept_each(listener, room, |client| {
            let serve = serve.clone();
            let mut builder = fiber::Builder::new();
            if let Some(bytes) = self.stack_size {
                builder = builder.stack_size(bytes);
            }
            // A client that goes away in the middle is no concern of the others.
            if let Err(error) = builder.spawn(move || drop(serve(client))) {
                eprintln!("cannot serve: {error}");
            }
        });
    }
}

/// Calls `serve` with each client, until the fiber that runs this is asked to end. What goes wrong with one connection is no
/// reason to stop; when descriptors run out, the listener itself waits a little for some to come back, and that is said once.
fn accept_each(listener: &TcpListener, room: &Arc<Room>, serve: impl Fn(Client)) {
    let mut said = None;
    loop {
        while !room.wait_for_place(GLANCE) {
            if fiber::is_cancelled() {
                return;
            }
        }
        match listener.accept() {
            Ok((stream, _)) => {
                serve(Client::new(stream, room));
                said = None;
            }
            Err(_) if fiber::is_cancelled() => return,
            Err(error) if matches!(error.raw_os_error(), Some(libc::ECONNABORTED | libc::EINTR)) => {}
            Err(error) if said == error.raw_os_error() => {}
            Err(error) => {
                eprintln!("cannot accept: {}", Explained(&error));
                said = error.raw_os_error();
            }
        }
    }
}
