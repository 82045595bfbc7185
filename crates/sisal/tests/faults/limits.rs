//! Descriptors that run out: no busy loop, and the server accepts again as soon as it can.

use crate::server::{Server, client, cpu_ticks, descriptors, eventually, talk};
use std::time::Duration;

const DESCRIPTORS: usize = 64;
const CLIENTS: usize = 500;

#[test]
fn more_clients_than_descriptors() {
    let limit = format!("--nofile={DESCRIPTORS}");
    // `prlimit` becomes the server, so the number is the server's.
    let Some(server) = Server::start_under(&["prlimit", &limit], 0) else { return };
    // All connect at once, which the listener's queue allows; each says something as soon as it can.
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| client(server.address)).collect();
    // Or more, should it have inherited some with higher numbers.
    eventually("all descriptors are used", || descriptors(server.pid()) >= DESCRIPTORS);
    let before = cpu_ticks(server.pid());
    std::thread::sleep(Duration::from_secs(1));
    let used = cpu_ticks(server.pid()) - before;
    assert!(used <= 30, "{used} hundredths of a second of CPU time in a second of waiting for descriptors");
    // In the order in which they came: each that leaves makes room for one that waits.
    clients.iter_mut().for_each(|client| {
        talk(client, b"served");
        client.shutdown(std::net::Shutdown::Both).unwrap();
    });
    let seen = server.end();
    assert_eq!(seen.connections, CLIENTS);
    assert!(seen.accept_errors > 0);
}
