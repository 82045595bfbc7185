//! A simulated socket that accepts connections.
//!
//! Knows nothing of how connections come about: they stand in its queue, each with the moment from which it may be accepted.

use super::network::{Network, State, place};
use super::options::Options;
use super::ports::{Terms, is_free, matches};
use super::stream::Stream;
use super::weather::choose;
use crate::backing::{Accepted, Opened, Simulated};
use sisal_reactor::{Bell, Interest, Source, Standin};
use socket2::SockAddr;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// A connection that nobody has accepted yet.
pub(super) struct Waiting {
    pub(super) connection: u64,
    pub(super) source: Source,
    pub(super) arrives: Instant,
}

/// Where a listener listens.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    Ip(SocketAddr),
    /// A path, or a name in the abstract namespace.
    Unix(SockAddr),
}

pub(super) struct Listening {
    pub(super) host: u32,
    pub(super) place: Place,
    pub(super) terms: Terms,
    /// By arrival.
    pub(super) queue: VecDeque<Waiting>,
    bell: Bell,
}

impl State {
    /// The listener on `host` that is meant by `address`; by lot, if several share it.
    pub(super) fn listener_at(&self, host: u32, address: SocketAddr) -> Option<u64> {
        let meant = self.listeners.iter().filter_map(|(number, listening)| match listening.place {
            Place::Ip(own) if listening.host == host && own.port() == address.port() => {
                matches(own.ip(), listening.terms.only_v6, address.ip()).map(|by_name| (*number, by_name))
            }
            _ => None,
        });
        let meant: Vec<_> = meant.collect();
        let by_name = meant.iter().any(|(_, by_name)| *by_name);
        let best: Vec<_> = meant.into_iter().filter(|(_, named)| *named == by_name).collect();
        if best.is_empty() { None } else { Some(best[choose(best.len())].0) }
    }

    /// Whether a listener can have that address on `host`.
    pub(super) fn port_is_free(&self, host: u32, address: SocketAddr, terms: Terms) -> bool {
        let others = self.listeners.values().filter(|listening| listening.host == host);
        let others = others.filter_map(|listening| match listening.place {
            Place::Ip(own) => Some((own, listening.terms)),
            Place::Unix(_) => None,
        });
        is_free(others, address, terms)
    }

    /// Lets a connection wait to be accepted; gives it back if too many do.
    pub(super) fn enqueue(&mut self, listener: u64, waiting: Waiting) -> Result<(), Waiting> {
        let Some(listening) = self.listeners.get_mut(&listener) else { return Err(waiting) };
        if listening.queue.len() > listening.terms.backlog {
            return Err(waiting);
        }
        let place = listening.queue.partition_point(|before| before.arrives <= waiting.arrives);
        listening.queue.insert(place, waiting);
        self.rings.push((listening.bell.clone(), Interest::Readable));
        Ok(())
    }
}

impl Network {
    /// Listens at `address` of the host on which the caller is.
    pub(crate) fn listen(self: &Arc<Self>, address: SocketAddr, terms: Terms) -> io::Result<Opened> {
        let host = place();
        self.with(|state, _| {
            let is_free = |state: &State, address, terms| state.port_is_free(host, address, terms);
            let address = state.settle(host, address, terms, is_free)?;
            Ok(self.open_listener(state, Place::Ip(address), address.into(), terms))
        })
    }

    /// A listener at a place that is free.
    pub(super) fn open_listener(
        self: &Arc<Self>,
        state: &mut State,
        at: Place,
        address: SockAddr,
        terms: Terms,
    ) -> Opened {
        let source = Source::new();
        let (number, bell) = (state.number(), source.bell());
        let listening = Listening { host: place(), place: at, terms, queue: VecDeque::new(), bell };
        state.listeners.insert(number, listening);
        let listener = Listener { network: Arc::clone(self), number, address, options: Options::default() };
        (source, Box::new(listener))
    }
}

struct Listener {
    network: Arc<Network>,
    number: u64,
    address: SockAddr,
    options: Options,
}

impl Listener {
    /// When the next connection can be accepted.
    fn next(&self) -> Option<(Instant, Instant)> {
        self.network.with(|state, now| {
            let first = state.listeners.get(&self.number)?.queue.front()?;
            Some((first.arrives, now))
        })
    }
}

impl Standin for Listener {
    fn number(&self) -> i32 {
        self.number as i32
    }

    fn is_ready(&self, interest: Interest) -> bool {
        interest == Interest::Readable && self.next().is_some_and(|(arrives, now)| arrives <= now)
    }

    fn changes_at(&self, interest: Interest) -> Option<Instant> {
        let (arrives, now) = self.next().filter(|_| interest == Interest::Readable)?;
        Some(arrives).filter(|arrives| *arrives > now)
    }
}

impl Simulated for Listener {
    fn local(&self) -> io::Result<SockAddr> {
        Ok(self.address.clone())
    }

    fn accept(&self) -> io::Result<Accepted> {
        self.network.with(|state, now| {
            let listening = state.listeners.get_mut(&self.number);
            let queue = &mut listening.expect("a listener is there until its socket is closed").queue;
            let first = queue.front().filter(|first| first.arrives <= now);
            if first.is_none() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let Waiting { connection, source, .. } = queue.pop_front().expect("the first, just seen");
            let peer = state.connections[&connection].sides[0].address.clone();
            let stream = Stream::new(Arc::clone(&self.network), connection, 1);
            let stream = if is_v6(&self.address) { stream.in_v6() } else { stream };
            Ok(Accepted { source, peer: stream.seen(peer), socket: Box::new(stream) })
        })
    }

    fn set(&self, option: &'static str, value: u32) {
        self.options.set(option, value);
    }

    fn get(&self, option: &'static str) -> Option<u32> {
        self.options.get(option)
    }
}

/// Whether it listens at an address of version 6, and so sees clients of version 4 as such.
fn is_v6(address: &SockAddr) -> bool {
    address.as_socket().is_some_and(|address| address.is_ipv6())
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.network.with(|state, at| {
            let Some(listening) = state.listeners.remove(&self.number) else { return };
            // Nobody will ever accept them.
            for waiting in listening.queue {
                state.close(waiting.connection, 1, true, at);
            }
        });
    }
}
