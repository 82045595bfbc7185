//! What the links between hosts are like, and whether they are whole: the controls of the simulated network.
//!
//! Knows nothing of how that is kept.

use super::connection::{Connection, Now};
use super::host::{Host, needed};
use super::network::{Network, State, tell};
use super::weather::{Chance, Way, Weather};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The links between some hosts, to be set. Each method gives it back, for the next.
///
/// In a simulation:
///
/// ```no_run
/// use sisal_net::sim;
/// use std::time::Duration;
///
/// let (a, b) = (sim::host("a"), sim::host("b"));
/// sim::everywhere().latency(Duration::from_millis(1)..=Duration::from_millis(20));
/// sim::between(&a, &b).bandwidth(1_000_000).loss(0.01);
/// a.to(&b).cut(); // b still reaches a
/// sim::heal();
/// ```
#[derive(Clone)]
pub struct Link {
    network: Arc<Network>,
    /// All between different hosts, if none.
    ways: Option<Vec<Way>>,
}

/// All links between different hosts, also those that are made later.
///
/// # Panics
/// Outside of a simulation.
#[track_caller]
pub fn everywhere() -> Link {
    Link { network: needed(), ways: None }
}

/// The link between two hosts, both ways; of a host with itself, what is within it.
pub fn between(a: &Host, b: &Host) -> Link {
    Link { network: Arc::clone(&a.network), ways: Some(both(a, b).to_vec()) }
}

/// The ways between two hosts.
fn both(a: &Host, b: &Host) -> [Way; 2] {
    [(a.index, b.index), (b.index, a.index)]
}

/// Cuts every link between the hosts of `these` and of `those`, both ways, until they are [healed](heal).
pub fn partition(these: &[&Host], those: &[&Host]) {
    let names = |hosts: &[&Host]| hosts.iter().map(|host| host.name()).collect::<Vec<_>>().join(", ");
    tell(|| format!("{} and {} are cut off from one another", names(these), names(those)));
    separate(these, those);
}

/// [`partition`], without a word.
pub(super) fn separate(these: &[&Host], those: &[&Host]) {
    let Some(network) = these.first().map(|host| Arc::clone(&host.network)) else { return };
    let ways = these.iter().flat_map(|a| those.iter().flat_map(move |b| both(a, b)));
    Link { network, ways: Some(ways.collect()) }.set_cut();
}

/// Heals every link that is cut.
///
/// # Panics
/// Outside of a simulation.
#[track_caller]
pub fn heal() {
    let network = needed();
    let ways = network.with(|state, _| state.links.cuts());
    if !ways.is_empty() {
        tell(|| "every link is whole again".to_owned());
        Link { network, ways: Some(ways) }.set_whole();
    }
}

impl Host {
    /// The link from it to another host, this way alone.
    pub fn to(&self, other: &Host) -> Link {
        Link { network: Arc::clone(&self.network), ways: Some(vec![(self.index, other.index)]) }
    }
}

impl Link {
    fn change(&self, change: impl Fn(&mut Weather)) -> &Self {
        self.network.with(|state, _| state.links.change(self.ways.as_deref(), change));
        self
    }

    /// How long what is sent is under way: for each piece, drawn from the range.
    ///
    /// # Panics
    /// If the range is empty.
    #[track_caller]
    pub fn latency(&self, range: RangeInclusive<Duration>) -> &Self {
        assert!(range.start() <= range.end(), "a range of latencies that is empty: {range:?}");
        self.change(|weather| weather.latency = (*range.start(), *range.end()))
    }

    /// How many bytes go through in a second. What is more waits for its turn.
    ///
    /// # Panics
    /// If it is 0: see [`cut`](Self::cut).
    #[track_caller]
    pub fn bandwidth(&self, bytes_per_second: u64) -> &Self {
        assert!(bytes_per_second > 0, "0 bytes a second: `cut` the link instead");
        self.change(|weather| weather.bytes_per_second = Some(bytes_per_second))
    }

    /// The chance, between 0 and 1, that a packet is lost. TCP sends it again 200 ms later.
    ///
    /// # Panics
    /// If it is no chance.
    #[track_caller]
    pub fn loss(&self, chance: f64) -> &Self {
        let chance = Chance::of(chance);
        self.change(|weather| weather.loss = chance)
    }

    /// The chance, between 0 and 1, that a UDP packet arrives twice.
    ///
    /// # Panics
    /// If it is no chance.
    #[track_caller]
    pub fn duplication(&self, chance: f64) -> &Self {
        let chance = Chance::of(chance);
        self.change(|weather| weather.duplication = chance)
    }

    /// The chance, between 0 and 1, that a write to a TCP connection breaks it: both sides get `ConnectionReset`.
    ///
    /// # Panics
    /// If it is no chance.
    #[track_caller]
    pub fn resets(&self, chance: f64) -> &Self {
        let chance = Chance::of(chance);
        self.change(|weather| weather.resets = chance)
    }

    /// How many bytes a connection holds each way, under way or not yet read, before a write waits; 64 KiB if not set.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn capacity(&self, bytes: usize) -> &Self {
        assert!(bytes > 0, "a connection that holds 0 bytes: none would ever arrive");
        self.change(|weather| weather.capacity = bytes)
    }

    /// Lets nothing more through that is sent from now on. Nobody is told.
    pub fn cut(&self) -> &Self {
        tell(|| format!("{self:?} is cut"));
        self.set_cut();
        self
    }

    fn set_cut(&self) {
        self.network.with(|state, _| {
            let ways = self.ways(state);
            ways.into_iter().filter(|(from, to)| from != to).for_each(|way| state.links.cut(way));
        });
    }

    /// Lets everything through again. What was sent over connections meanwhile arrives, sooner or later.
    pub fn heal(&self) -> &Self {
        tell(|| format!("{self:?} is whole again"));
        self.set_whole();
        self
    }

    fn set_whole(&self) {
        self.network.with(|state, at| {
            for way in self.ways(state) {
                if state.links.heal(way) {
                    let State { connections, links, rings, .. } = state;
                    let mut now = Now { links, rings, at };
                    connections.values_mut().for_each(|connection| connection.heal(way, &mut now));
                }
            }
        });
    }

    /// Resets every connection over these links, now: both sides get `ConnectionReset`, and what is under way is lost.
    pub fn reset_connections(&self) -> &Self {
        tell(|| format!("{self:?} loses its connections"));
        self.network.with(|state, at| {
            let ways = self.ways(state);
            state.break_off(|connection| connection.goes(&ways), at);
        });
        self
    }

    fn ways(&self, state: &State) -> Vec<Way> {
        let hosts = state.machines.len() as u32;
        let all = || (0..hosts).flat_map(|from| (0..hosts).map(move |to| (from, to)));
        self.ways.clone().unwrap_or_else(|| all().filter(|(from, to)| from != to).collect())
    }
}

impl State {
    /// Breaks the connections of which `is_meant` says so.
    pub(super) fn break_off(&mut self, is_meant: impl Fn(&Connection) -> bool, at: Instant) {
        let Self { connections, links, rings, .. } = self;
        let mut now = Now { links, rings, at };
        let meant = connections.values_mut().filter(|connection| is_meant(connection));
        meant.for_each(|connection| connection.break_off(&mut now));
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ways) = &self.ways else { return f.write_str("every link") };
        let name = |index: u32| Host { network: Arc::clone(&self.network), index }.name();
        let ways = ways.iter().map(|(from, to)| format!("{} to {}", name(*from), name(*to)));
        write!(f, "the link from {}", ways.collect::<Vec<_>>().join(", from "))
    }
}
