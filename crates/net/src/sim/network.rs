//! All that a simulated network is made of, under one lock, and the number of each thing in it.
//!
//! Knows nothing of what connections and packets do. One lock will do: a simulation has one OS thread. Bells ring when it is free again.

use super::connection::{Connection, Now, Rings};
use super::host::Machine;
use super::listener::Listening;
use super::packets::Mailbox;
use super::unix_packets::LocalMailbox;
use super::weather::Links;
use sisal_park::{World, with_current};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

pub(crate) struct Network {
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) machines: Vec<Machine>,
    pub(super) links: Links,
    pub(super) connections: BTreeMap<u64, Connection>,
    pub(super) listeners: BTreeMap<u64, Listening>,
    pub(super) mailboxes: BTreeMap<u64, Mailbox>,
    pub(super) local_mailboxes: BTreeMap<u64, LocalMailbox>,
    pub(super) rings: Rings,
    last: u64,
}

impl State {
    /// A number for something new. Descriptors begin with 3 too.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A connection, and what its operations work with.
    pub(super) fn connection(&mut self, number: u64, at: Instant) -> Option<(&mut Connection, Now<'_>)> {
        let now = Now { links: &mut self.links, rings: &mut self.rings, at };
        Some((self.connections.get_mut(&number)?, now))
    }
}

impl Network {
    fn new() -> Self {
        let state = State {
            machines: vec![Machine::new(0, "root", None)],
            links: Links::new(),
            connections: BTreeMap::new(),
            listeners: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            local_mailboxes: BTreeMap::new(),
            rings: Rings::new(),
            last: 2,
        };
        Self { state: Mutex::new(state) }
    }

    /// Calls `f` with everything and the time; then rings the bells that must ring.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut State, Instant) -> R) -> R {
        let now = with_current(|agent| agent.now());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = f(&mut state, now);
        let rings = std::mem::take(&mut state.rings);
        drop(state);
        rings.iter().for_each(|(bell, interest)| bell.ring(*interest));
        result
    }
}

/// The simulated world of whoever runs now.
pub(super) fn world() -> Option<Rc<World>> {
    with_current(|agent| agent.world())
}

/// The network of the simulation in which this runs, if it does.
pub(crate) fn network() -> Option<Arc<Network>> {
    world().map(|world| Arc::clone(&world.guest(|| Arc::new(Network::new()))))
}

/// The host on which the running fiber is.
pub(super) fn place() -> u32 {
    world().map_or(0, |world| world.place())
}

/// Lets the story of the run tell it.
pub(super) fn tell(what: impl FnOnce() -> String) {
    if let Some(world) = world() {
        world.tell(what);
    }
}
