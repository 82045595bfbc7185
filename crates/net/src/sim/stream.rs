//! One side's socket of a simulated connection.
//!
//! Knows nothing of the network but how to lock it.

use super::network::{Network, State};
use super::options::{LINGER, Options};
use crate::Shutdown;
use crate::backing::Simulated;
use sisal_reactor::{Interest, Standin};
use socket2::SockAddr;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

pub(super) struct Stream {
    network: Arc<Network>,
    connection: u64,
    side: usize,
    /// Whether an address of version 4 is to be seen as one of version 6.
    is_v6: bool,
    options: Options,
}

/// A connection is there until both its sockets are closed.
const IS_THERE: &str = "a connection with a socket";

impl Stream {
    pub(super) fn new(network: Arc<Network>, connection: u64, side: usize) -> Self {
        Self { network, connection, side, is_v6: false, options: Options::default() }
    }

    /// The same, as a socket.
    pub(super) fn open(network: Arc<Network>, connection: u64, side: usize) -> Box<dyn Simulated> {
        Box::new(Self::new(network, connection, side))
    }

    /// The side of a server of version 6.
    pub(super) fn in_v6(mut self) -> Self {
        self.is_v6 = true;
        self
    }

    /// The address as this socket's program sees it.
    pub(super) fn seen(&self, address: SockAddr) -> SockAddr {
        match address.as_socket() {
            Some(SocketAddr::V4(v4)) if self.is_v6 => {
                SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()).into()
            }
            _ => address,
        }
    }

    fn address_of(&self, side: usize) -> SockAddr {
        let address =
            self.network.with(|state, _| state.connections[&self.connection].sides[side].address.clone());
        self.seen(address)
    }
}

impl State {
    /// Closes one side of a connection.
    pub(super) fn close(&mut self, connection: u64, side: usize, throws_away: bool, at: Instant) {
        let Some((closed, now)) = self.connection(connection, at) else { return };
        if closed.close(side, throws_away, now) {
            self.connections.remove(&connection);
        }
    }
}

impl Standin for Stream {
    fn number(&self) -> i32 {
        self.connection as i32
    }

    fn is_ready(&self, interest: Interest) -> bool {
        self.network.with(|state, now| {
            let State { connections, links, .. } = state;
            connections[&self.connection].is_ready(self.side, interest, links, now)
        })
    }

    fn changes_at(&self, interest: Interest) -> Option<Instant> {
        self.network
            .with(|state, now| state.connections[&self.connection].changes_at(self.side, interest, now))
    }
}

impl Simulated for Stream {
    fn local(&self) -> io::Result<SockAddr> {
        Ok(self.address_of(self.side))
    }

    fn peer(&self) -> io::Result<SockAddr> {
        let is_dead = self.network.with(|state, _| state.connections[&self.connection].is_dead(self.side));
        if is_dead {
            Err(super::connection::error(libc::ENOTCONN))
        } else {
            Ok(self.address_of(1 - self.side))
        }
    }

    fn recv(&self, slices: &mut [IoSliceMut<'_>], peeks: bool) -> io::Result<usize> {
        self.network.with(|state, at| {
            let (connection, now) = state.connection(self.connection, at).expect(IS_THERE);
            connection.read(self.side, slices, peeks, now)
        })
    }

    fn send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.network.with(|state, at| {
            let (connection, now) = state.connection(self.connection, at).expect(IS_THERE);
            connection.write(self.side, slices, now)
        })
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.network.with(|state, at| {
            let (connection, now) = state.connection(self.connection, at).expect(IS_THERE);
            connection.shutdown(self.side, how, now)
        })
    }

    fn take_error(&self) -> Option<io::Error> {
        self.network.with(|state, at| {
            let (connection, now) = state.connection(self.connection, at).expect(IS_THERE);
            connection.take_error(self.side, now)
        })
    }

    fn set(&self, option: &'static str, value: u32) {
        self.options.set(option, value);
    }

    fn get(&self, option: &'static str) -> Option<u32> {
        self.options.get(option)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let throws_away = self.options.get(LINGER) == Some(1);
        self.network.with(|state, at| state.close(self.connection, self.side, throws_away, at));
    }
}
