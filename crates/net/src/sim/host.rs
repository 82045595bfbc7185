//! A host: a simulated machine with its own addresses and ports, on which fibers run.
//!
//! Knows nothing of what is sent.

use super::network::{Network, State, network, place, tell, world};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// The ports that a bind to 0 and a connect take: those of the dynamic range.
const PORTS: std::ops::RangeInclusive<u16> = 49_152..=65_535;

/// What is known of a host.
pub(super) struct Machine {
    pub(super) name: String,
    pub(super) v4: Ipv4Addr,
    pub(super) v6: Ipv6Addr,
    pub(super) refuses: bool,
    next_port: u16,
}

impl Machine {
    pub(super) fn new(index: u32, name: &str, ip: Option<IpAddr>) -> Self {
        let [_, _, high, low] = (index + 1).to_be_bytes();
        let (mut v4, mut v6) =
            (Ipv4Addr::new(192, 168, high, low), Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, index as u16 + 1));
        match ip {
            Some(IpAddr::V4(ip)) => v4 = ip,
            Some(IpAddr::V6(ip)) => v6 = ip,
            None => {}
        }
        Self { name: name.to_owned(), v4, v6, refuses: false, next_port: *PORTS.start() }
    }

    /// Whether a socket on it can have that address.
    pub(super) fn has(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || ip.is_unspecified() || ip == self.v4 || ip == self.v6
    }

    /// Its address for who talks to `ip`.
    pub(super) fn address_towards(&self, ip: IpAddr) -> IpAddr {
        match ip {
            _ if ip.is_loopback() => ip,
            IpAddr::V4(_) => self.v4.into(),
            IpAddr::V6(_) => self.v6.into(),
        }
    }
}

impl State {
    /// The host with that name or address.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        let ip = name.parse::<IpAddr>().ok();
        let is_meant = |machine: &Machine| {
            machine.name == name || ip.is_some_and(|ip| ip == machine.v4 || ip == machine.v6)
        };
        self.machines.iter().position(is_meant).map(|index| index as u32)
    }

    /// The next port of `host` that `is_free`.
    pub(super) fn take_port(&mut self, host: u32, is_free: impl Fn(&Self, u16) -> bool) -> Option<u16> {
        for _ in PORTS {
            let machine = &mut self.machines[host as usize];
            let port = machine.next_port;
            machine.next_port = if port == *PORTS.end() { *PORTS.start() } else { port + 1 };
            if is_free(self, port) {
                return Some(port);
            }
        }
        None
    }

    /// The host that has `ip` in the eyes of `from`.
    pub(super) fn route(&self, from: u32, ip: IpAddr) -> Option<u32> {
        if ip.is_loopback() || ip.is_unspecified() {
            return Some(from);
        }
        let has = |machine: &Machine| ip == machine.v4 || ip == machine.v6;
        self.machines.iter().position(has).map(|index| index as u32)
    }
}

/// A simulated machine. Fibers run on it that were spawned there, or that [entered](Host::enter) it.
#[derive(Clone)]
pub struct Host {
    pub(super) network: Arc<Network>,
    pub(super) index: u32,
}

/// The host of that name or address, which is made when it is first asked for. One that is named has an address of its own too (the
/// first `192.168.0.2` and `fd00::2`, then `.3` and so on; `.1` is the host where a run begins), and sockets find it by its name.
///
/// # Panics
/// Outside of a simulation, and for `localhost` and its addresses, which every host calls itself.
#[track_caller]
pub fn host(name: &str) -> Host {
    let is_own = name.parse().map_or(name.eq_ignore_ascii_case("localhost"), |ip: IpAddr| ip.is_loopback());
    assert!(!is_own, "{name:?} is what every host calls itself: choose another name or address");
    let network = needed();
    let index = network.with(|state, _| {
        state.find(name).unwrap_or_else(|| {
            let index = state.machines.len() as u32;
            state.machines.push(Machine::new(index, name, name.parse().ok()));
            index
        })
    });
    Host { network, index }
}

/// The host on which this fiber runs.
///
/// # Panics
/// Outside of a simulation.
#[track_caller]
pub fn current_host() -> Host {
    Host { network: needed(), index: place() }
}

/// The network, for who cannot do without.
#[track_caller]
pub(super) fn needed() -> Arc<Network> {
    network().expect("there is a simulated network in a simulation alone: see `sisal::sim::run`")
}

impl Host {
    /// Calls `f` on this host: the sockets that it makes are here, and so are the fibers that it spawns.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        /// Leaves again, also if `f` panics.
        struct Visit(u32);

        impl Drop for Visit {
            fn drop(&mut self) {
                if let Some(world) = world() {
                    world.set_place(self.0);
                }
            }
        }

        let before = world().map_or(0, |world| world.set_place(self.index));
        let _visit = Visit(before);
        f()
    }

    /// What it is called.
    pub fn name(&self) -> String {
        self.network.with(|state, _| state.machines[self.index as usize].name.clone())
    }

    /// Its address: that of version 4, unless it was [made](host) with one of version 6.
    pub fn ip(&self) -> IpAddr {
        self.network.with(|state, _| {
            let machine = &state.machines[self.index as usize];
            match machine.name.parse() {
                Ok(ip @ IpAddr::V6(_)) => ip,
                _ => machine.v4.into(),
            }
        })
    }

    /// The address of one of its ports.
    pub fn port(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.ip(), port)
    }

    /// Whether it refuses connections, as if nobody listened; those that are there stay.
    pub fn refuse(&self, refuses: bool) {
        tell(|| format!("{self} {} connections", if refuses { "refuses" } else { "takes" }));
        self.network.with(|state, _| state.machines[self.index as usize].refuses = refuses);
    }

    /// Resets every connection that it has with another host or with itself, as if it had been switched off and on: both sides are told at
    /// once, and what is under way is lost. Its fibers go on.
    pub fn reset_connections(&self) {
        tell(|| format!("{self} loses its connections"));
        self.network.with(|state, at| state.break_off(|connection| connection.touches(self.index), at));
    }

    /// Cuts every link between it and the others, both ways; see [`partition`](super::partition).
    pub fn isolate(&self) {
        tell(|| format!("{self} is cut off"));
        let others = self.network.with(|state, _| state.machines.len() as u32);
        let others = (0..others).filter(|other| *other != self.index);
        let others: Vec<_> = others.map(|index| Host { network: Arc::clone(&self.network), index }).collect();
        super::link::separate(&[self], &others.iter().collect::<Vec<_>>());
    }
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.network, &other.network) && self.index == other.index
    }
}

impl Eq for Host {}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("name", &self.name()).field("ip", &self.ip()).finish()
    }
}
