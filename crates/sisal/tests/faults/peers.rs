//! What the other side can do: reset, vanish without a word, end one direction, take what it is sent in small pieces.

use crate::server::{SILENCE_MAX, Server, client, descriptors, eventually, talk};
use socket2::SockRef;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

#[test]
fn resets_in_the_middle_of_everything() {
    let server = Server::start();
    let before = descriptors(server.pid());
    for n in 0..300 {
        let mut stream = client(server.address);
        match n % 3 {
            0 => {}
            1 => stream.write_all(&[1; 100]).unwrap(),
            _ => talk(&mut stream, &[2; 5_000]),
        }
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    talk(&mut client(server.address), b"still there");
    eventually("no descriptor is left", || descriptors(server.pid()) == before);
    server.end();
}

#[test]
fn a_half_open_connection_is_closed_by_its_timeout() {
    let server = Server::start();
    let mut silent = client(server.address);
    let start = Instant::now();
    silent.set_read_timeout(Some(SILENCE_MAX * 10)).unwrap();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    assert!(start.elapsed() >= SILENCE_MAX);
    server.end();
}

#[test]
fn a_half_closed_connection_still_answers() {
    let server = Server::start();
    for _ in 0..20 {
        let mut stream = client(server.address);
        let sent: Vec<u8> = (0..200_000_u32).map(|n| (n % 253) as u8).collect();
        let mut writer = stream.try_clone().unwrap();
        let message = sent.clone();
        let writing = std::thread::spawn(move || {
            writer.write_all(&message).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        let mut received = Vec::new();
        stream.read_to_end(&mut received).unwrap();
        assert!(received == sent);
        writing.join().unwrap();
    }
    server.end();
}

/// Small buffers cut the server's writes short; a client that reads a few bytes at a time keeps them so.
#[test]
fn short_reads_and_writes() {
    let server = Server::start_under(&[], 2048).unwrap();
    let stream = client(server.address);
    SockRef::from(&stream).set_recv_buffer_size(2048).unwrap();
    let sent: Vec<u8> = (0..300_000_u32).map(|n| (n % 241) as u8).collect();
    let (mut writer, message) = (stream.try_clone().unwrap(), sent.clone());
    let writing =
        std::thread::spawn(move || message.chunks(777).for_each(|chunk| writer.write_all(chunk).unwrap()));
    let mut received = vec![0; sent.len()];
    let mut at = 0;
    while at < received.len() {
        let end = received.len().min(at + 1 + at % 97);
        at += (&stream).read(&mut received[at..end]).unwrap();
    }
    assert!(received == sent);
    writing.join().unwrap();
    drop(stream);
    server.end();
}
