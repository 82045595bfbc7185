//! Which addresses and ports of a host sockets may have, beside others that have theirs.
//!
//! Knows nothing of what the sockets are for.

use super::connection::error;
use super::network::State;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// How a socket is bound.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) backlog: usize,
    pub(crate) reuse_port: bool,
    pub(crate) only_v6: bool,
}

impl Terms {
    /// One that shares its address with nobody.
    pub(super) const ALONE: Self = Self { backlog: 0, reuse_port: false, only_v6: false };
}

/// Whether a socket at `own` is meant by `ip`, and whether by name.
pub(super) fn matches(own: IpAddr, only_v6: bool, ip: IpAddr) -> Option<bool> {
    let takes_all = match own {
        IpAddr::V4(own) => own.is_unspecified() && ip.is_ipv4(),
        IpAddr::V6(own) => own.is_unspecified() && (ip.is_ipv6() || !only_v6),
    };
    if own == ip { Some(true) } else { takes_all.then_some(false) }
}

/// Whether two sockets cannot have one port.
fn clash((a, a_terms): (IpAddr, Terms), (b, b_terms): (IpAddr, Terms)) -> bool {
    let overlap = matches(a, a_terms.only_v6, b).is_some() || matches(b, b_terms.only_v6, a).is_some();
    overlap && !(a_terms.reuse_port && b_terms.reuse_port)
}

/// Whether a socket can have that address beside `others` of its kind.
pub(super) fn is_free(
    others: impl Iterator<Item = (SocketAddr, Terms)>,
    address: SocketAddr,
    terms: Terms,
) -> bool {
    let mut of_port = others.filter(|(other, _)| other.port() == address.port());
    of_port.all(|(other, theirs)| !clash((other.ip(), theirs), (address.ip(), terms)))
}

impl State {
    /// `address` as a socket on `host` gets it: with a port, if it has none; or why it cannot have it.
    pub(super) fn settle(
        &mut self,
        host: u32,
        address: SocketAddr,
        terms: Terms,
        is_free: impl Fn(&Self, SocketAddr, Terms) -> bool,
    ) -> io::Result<SocketAddr> {
        if !self.machines[host as usize].has(address.ip()) {
            return Err(error(libc::EADDRNOTAVAIL));
        }
        if address.port() != 0 {
            let is_free = is_free(self, address, terms);
            return is_free.then_some(address).ok_or_else(|| error(libc::EADDRINUSE));
        }
        let at = |port| SocketAddr::new(address.ip(), port);
        // A port that was not asked for is shared with nobody.
        let alone = Terms { reuse_port: false, ..terms };
        let port = self.take_port(host, |state, port| is_free(state, at(port), alone));
        port.map(at).ok_or_else(|| error(libc::EADDRINUSE))
    }
}
