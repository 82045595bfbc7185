//! Two simulated hosts, and a connection between them.

use sisal::net::{TcpListener, TcpStream};
use sisal::sim::net::{Host, host};
use std::time::Duration;

/// Seeds of most tests of the simulated network.
pub(crate) const SEEDS: u64 = 200;

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A connection between two hosts: the client's end on `a`, the server's on `b`.
pub(crate) fn pair_between(a: &Host, b: &Host) -> (TcpStream, TcpStream) {
    let listener = b.enter(|| TcpListener::bind((b.ip(), 0))).unwrap();
    let client = a.enter(|| TcpStream::connect(listener.local_addr().unwrap())).unwrap();
    (client, listener.accept().unwrap().0)
}

pub(crate) fn pair() -> (TcpStream, TcpStream) {
    pair_between(&host("a"), &host("b"))
}
