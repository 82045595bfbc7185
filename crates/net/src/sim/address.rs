//! Names of hosts become addresses: those of the simulated network.
//!
//! Knows nothing of real names, which a simulation must not depend on.

use super::network::{Network, network};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The addresses of a `name:port`, if this runs in a simulation.
pub(crate) fn resolve(text: &str) -> Option<io::Result<Vec<SocketAddr>>> {
    let network = network()?;
    let parts = text.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
    // As std says it.
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "invalid socket address");
    Some(parts.ok_or_else(wrong).and_then(|(name, port)| network.resolve(name, port)))
}

/// The addresses of that name, if this runs in a simulation.
pub(crate) fn resolve_at(name: &str, port: u16) -> Option<io::Result<Vec<SocketAddr>>> {
    Some(network()?.resolve(name, port))
}

impl Network {
    fn resolve(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if name.eq_ignore_ascii_case("localhost") {
            return Ok(vec![(Ipv4Addr::LOCALHOST, port).into()]);
        }
        let found = self.with(|state, _| {
            let machine = &state.machines[state.find(name)? as usize];
            Some(vec![SocketAddr::new(machine.v4.into(), port), SocketAddr::new(machine.v6.into(), port)])
        });
        found.ok_or_else(|| {
            let text = format!("no host {name:?} in this simulation: make it with `sim::net::host`");
            io::Error::new(io::ErrorKind::NotFound, text)
        })
    }
}

/// What a connect or a packet to an address that no host has says.
pub(super) fn unreachable(ip: IpAddr) -> io::Error {
    let text = format!("no host {ip} in this simulation: make it with `sim::net::host`");
    io::Error::new(io::ErrorKind::HostUnreachable, text)
}

/// The address of version 4 that one of version 6 stands for.
pub(super) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
