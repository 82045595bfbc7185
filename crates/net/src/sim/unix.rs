//! Unix streams and pipes of a simulation: connections within one host, between whose ends there is nothing.
//!
//! Knows nothing of files: none appears. An address belongs to a listener, and is free again when that is closed.

use super::connection::{Connection, Side, error};
use super::listener::{Place, Waiting};
use super::network::{Network, State, place};
use super::ports::Terms;
use super::stream::Stream;
use crate::backing::Opened;
use crate::socket::pause_for;
use sisal_park::Reason;
use sisal_reactor::Source;
use socket2::SockAddr;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at a listener whose queue is full.
const AGAIN_AFTER: Duration = Duration::from_millis(1);

impl State {
    /// Two ends at these addresses.
    fn join(&mut self, addresses: [SockAddr; 2]) -> (u64, [Source; 2]) {
        let sources = [Source::new(), Source::new()];
        let [first, second] = addresses;
        let sides = [Side::new(first, sources[0].bell()), Side::new(second, sources[1].bell())];
        let number = self.number();
        self.connections.insert(number, Connection::new(sides, None));
        (number, sources)
    }

    /// Whether a socket on `host` can have that address. All of them can have none.
    pub(super) fn unix_address_is_free(&self, host: u32, address: &SockAddr) -> bool {
        let of_packets = self.local_mailboxes.values().map(|mailbox| (mailbox.host, &mailbox.address));
        let of_streams = self.listeners.values().filter_map(|listening| match &listening.place {
            Place::Unix(own) => Some((listening.host, own)),
            Place::Ip(_) => None,
        });
        address.is_unnamed() || of_packets.chain(of_streams).all(|taken| taken != (host, address))
    }

    /// The listener at that address, and whether it has room.
    fn unix_listener(&self, address: &SockAddr) -> Option<(u64, bool)> {
        let here = place();
        let mut all = self.listeners.iter();
        let (number, found) = all.find(|(_, listening)| {
            listening.host == here && matches!(&listening.place, Place::Unix(own) if own == address)
        })?;
        Some((*number, found.queue.len() <= found.terms.backlog))
    }
}

impl Network {
    /// Two ends that are connected with each other.
    pub(crate) fn pair(self: &Arc<Self>) -> io::Result<(Opened, Opened)> {
        let unnamed = || SockAddr::unix("");
        let addresses = [unnamed()?, unnamed()?];
        let (number, [first, second]) = self.with(|state, _| state.join(addresses));
        let end = |side| Stream::open(Arc::clone(self), number, side);
        Ok(((first, end(0)), (second, end(1))))
    }

    /// Listens at `address` of the host on which the caller is.
    pub(crate) fn listen_unix(self: &Arc<Self>, address: &SockAddr, backlog: u32) -> io::Result<Opened> {
        self.with(|state, _| {
            if !state.unix_address_is_free(place(), address) {
                return Err(error(libc::EADDRINUSE));
            }
            let terms = Terms { backlog: backlog as usize, ..Terms::ALONE };
            Ok(self.open_listener(state, Place::Unix(address.clone()), address.clone(), terms))
        })
    }

    /// Connects to the listener at `address`, once it has room.
    pub(crate) fn connect_unix(self: &Arc<Self>, address: &SockAddr) -> io::Result<Opened> {
        loop {
            let unnamed = SockAddr::unix("")?;
            let opened = self.with(|state, now| {
                let (listener, has_room) =
                    state.unix_listener(address).ok_or_else(|| error(libc::ECONNREFUSED))?;
                if !has_room {
                    return Ok(None);
                }
                let (number, [ours, theirs]) = state.join([unnamed, address.clone()]);
                let waiting = Waiting { connection: number, source: theirs, arrives: now };
                let _ = state.enqueue(listener, waiting);
                io::Result::Ok(Some((ours, Stream::open(Arc::clone(self), number, 0))))
            })?;
            match opened {
                Some(opened) => return Ok(opened),
                None => pause_for(AGAIN_AFTER, None, Reason::Writable(0.into()))?,
            }
        }
    }
}
