//! Much data, and many connections without any: every byte comes back, and memory stays bounded.

use crate::server::{Server, client, kilobytes, talk};
use std::io::{Read, Write};

/// 1 GB in random-looking words, so that a piece in the wrong place is noticed.
fn echo(server: &Server, megabytes: u64) {
    let mut stream = client(server.address);
    let mut writer = stream.try_clone().unwrap();
    let words = megabytes << 17;
    let word = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ n;
    let writing = std::thread::spawn(move || {
        let mut block = Vec::with_capacity(1 << 16);
        for n in 0..words {
            block.extend_from_slice(&word(n).to_le_bytes());
            if block.len() == 1 << 16 {
                writer.write_all(&block).unwrap();
                block.clear();
            }
        }
    });
    let mut block = vec![0; 1 << 16];
    for first in (0..words).step_by(block.len() / 8) {
        stream.read_exact(&mut block).unwrap();
        let sent = (first..).map(word);
        let came = block.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
        assert!(came.zip(sent).all(|(came, sent)| came == sent), "within 64 KB of word {first}");
    }
    writing.join().unwrap();
}

fn echo_and_measure(megabytes: u64) {
    let server = Server::start();
    echo(&server, 1);
    let before = kilobytes(server.pid(), "VmHWM:");
    echo(&server, megabytes);
    let grown = kilobytes(server.pid(), "VmHWM:") - before;
    eprintln!("volume: {megabytes} MB echoed, the server's memory peaked {grown} KB higher");
    assert!(grown < 1_024, "{grown} KB more at the peak");
    server.end();
}

#[test]
fn megabytes_come_back_as_they_were() {
    echo_and_measure(32);
}

#[test]
#[ignore = "takes seconds in a release build, and minutes without"]
fn a_gigabyte_comes_back_as_it_was() {
    echo_and_measure(1_024);
}

fn idle(connections: u64) {
    let server = Server::start();
    drop((0..100).map(|_| client(server.address)).collect::<Vec<_>>());
    let before = kilobytes(server.pid(), "VmRSS:");
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let mut stream = client(server.address);
            talk(&mut stream, b"hello");
            stream
        })
        .collect();
    let bytes = (kilobytes(server.pid(), "VmRSS:") - before) * 1024 / connections;
    eprintln!("idle: {bytes} bytes for each of {connections} connections with a buffer of 4,096 bytes");
    assert!(bytes < 16_384, "{bytes} bytes for each of {connections} connections");
    drop(clients);
    server.end();
}

#[test]
fn idle_connections_are_small() {
    idle(500);
}

#[test]
#[ignore = "uses 5,000 descriptors here and 5,000 there"]
fn five_thousand_idle_connections() {
    idle(5_000);
}
