//! How a connection comes about: a question, an answer, and both wait for as long as these are under way.
//!
//! Knows nothing of what is sent later.
//!
//! ```text
//!  client                                      server's host
//!  SYN ── one latency ──────────────────────▶  somebody listens, with room?   no room, or a cut: silence
//!      ◀────────────────────── one latency ──  yes, or a refusal
//!  connected; ── one latency ───────────────▶  may be accepted
//! ```
//!
//! The client's fiber does all of it, so a client that is cancelled meanwhile leaves nothing behind.

use super::address::{plain, unreachable};
use super::connection::{Connection, Side, error};
use super::listener::Waiting;
use super::network::{Network, State, place};
use super::ports::Terms;
use super::stream::Stream;
use crate::backing::Opened;
use crate::socket::pause_for;
use sisal_park::{Reason, with_current};
use sisal_reactor::Source;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a client waits for an answer before it asks again, and at last gives up: Linux's 127 s.
const PAUSES_S: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];

/// What a host says to the question.
enum Answer {
    Yes(u64),
    No,
    /// It is lost, or there are too many already.
    Silence,
}

/// Who asks, and whom.
struct Call {
    number: u64,
    from: u32,
    to: u32,
    client: SocketAddr,
    server: SocketAddr,
    deadline: Option<Instant>,
}

impl Network {
    /// Connects to `address`, from the host on which the caller is.
    pub(crate) fn connect(
        self: &Arc<Self>,
        address: SocketAddr,
        deadline: Option<Instant>,
    ) -> io::Result<Opened> {
        let call = self.with(|state, _| state.dial(plain(address), deadline))?;
        for pause in PAUSES_S {
            let again = with_current(|agent| agent.now()) + Duration::from_secs(pause);
            if let Some(connected) = self.ask(&call)? {
                return Ok(connected);
            }
            call.sleep_until(again)?;
        }
        Err(error(libc::ETIMEDOUT))
    }

    /// One question and its answer, if one comes.
    fn ask(self: &Arc<Self>, call: &Call) -> io::Result<Option<Opened>> {
        let way = (call.from, call.to);
        let Some(there) = self.with(|state, now| state.links.arrival_at_last(way, 0, now)) else {
            return Ok(None);
        };
        call.sleep_until(there)?;
        let (answer, back) =
            self.with(|state, now| (state.answer(call), state.links.arrival_at_last((way.1, way.0), 0, now)));
        let Some(back) = back else { return Ok(None) };
        match answer {
            Answer::Silence => Ok(None),
            Answer::No => {
                call.sleep_until(back)?;
                Err(error(libc::ECONNREFUSED))
            }
            Answer::Yes(listener) => {
                call.sleep_until(back)?;
                let connected = self.with(|state, now| state.establish(call, listener, now));
                Ok(connected.map(|source| (source, Stream::open(Arc::clone(self), call.number, 0))))
            }
        }
    }
}

impl State {
    fn dial(&mut self, server: SocketAddr, deadline: Option<Instant>) -> io::Result<Call> {
        let from = place();
        let to = self.route(from, server.ip()).ok_or_else(|| unreachable(server.ip()))?;
        let mut server = server;
        if server.ip().is_unspecified() {
            // As on Linux: this host.
            server.set_ip(match server {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        let ip = self.machines[from as usize].address_towards(server.ip());
        let is_free = |state: &Self, port| state.port_is_free(from, SocketAddr::new(ip, port), Terms::ALONE);
        let port = self.take_port(from, is_free).ok_or_else(|| error(libc::EADDRNOTAVAIL))?;
        let client = SocketAddr::new(ip, port);
        Ok(Call { number: self.number(), from, to, client, server, deadline })
    }

    fn answer(&self, call: &Call) -> Answer {
        if self.machines[call.to as usize].refuses {
            return Answer::No;
        }
        let Some(listener) = self.listener_at(call.to, call.server) else { return Answer::No };
        let listening = &self.listeners[&listener];
        if listening.queue.len() > listening.terms.backlog { Answer::Silence } else { Answer::Yes(listener) }
    }

    /// The client has its answer, and the server will have a connection to accept, unless the client's last word is lost.
    fn establish(&mut self, call: &Call, listener: u64, now: Instant) -> Option<Source> {
        let way = (call.from, call.to);
        let arrives = self.links.arrival_at_last(way, 0, now)?;
        let (source, theirs) = (Source::new(), Source::new());
        let sides = [(call.client, &source), (call.server, &theirs)];
        let sides = sides.map(|(address, source)| Side::new(address.into(), source.bell()));
        let waiting = Waiting { connection: call.number, source: theirs, arrives };
        self.enqueue(listener, waiting).ok()?;
        self.connections.insert(call.number, Connection::new(sides, Some(way)));
        Some(source)
    }
}

impl Call {
    /// Waits until then, or fails if the caller may wait no longer.
    fn sleep_until(&self, until: Instant) -> io::Result<()> {
        loop {
            let now = with_current(|agent| agent.now());
            if now >= until {
                return Ok(());
            }
            pause_for(until - now, self.deadline, Reason::Writable((self.number as i32).into()))?;
        }
    }
}
