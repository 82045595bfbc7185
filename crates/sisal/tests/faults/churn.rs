//! 10,000 connections that come and go: descriptors and memory come back to where they were.

use crate::server::{Server, client, descriptors, eventually, kilobytes, talk};
use std::time::Duration;

/// Eight clients, each with one connection after the other. The ports that they use up wait for a minute, unless the
/// connections end by a reset.
fn churn(server: &Server, connections: usize) {
    std::thread::scope(|s| {
        for _ in 0..8 {
            s.spawn(|| {
                for n in 0..connections / 8 {
                    let mut stream = client(server.address);
                    talk(&mut stream, &n.to_le_bytes());
                    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                }
            });
        }
    });
}

#[test]
fn ten_thousand_connections_leave_nothing_behind() {
    let server = Server::start();
    let before = descriptors(server.pid());
    churn(&server, 2_000);
    eventually("no descriptor is left", || descriptors(server.pid()) == before);
    let memory = kilobytes(server.pid(), "VmRSS:");
    churn(&server, 8_000);
    eventually("no descriptor is left", || descriptors(server.pid()) == before);
    let grown = kilobytes(server.pid(), "VmRSS:").saturating_sub(memory);
    eprintln!("churn: {before} descriptors, {grown} KB more after 8,000 further connections");
    assert!(grown < 4_096, "{grown} KB more after 8,000 connections");
    assert_eq!(server.end().connections, 10_000);
}
