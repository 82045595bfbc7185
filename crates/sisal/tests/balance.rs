//! Goal: connections that one fiber accepts, or one a worker, end up evenly on the workers.
//! Method: 1,000 connections that stay; each is served by a fiber of its own, which answers with its home.

mod common;

use common::on;
use sisal::net::{ListenOptions, TcpListener, TcpStream};
use sisal::{fiber, runtime};
use std::io::{Read, Write};

const CONNECTIONS: usize = 1_000;

/// Answers each byte with the index of the worker that serves the connection.
fn serve(mut stream: TcpStream) {
    while let Ok(1) = stream.read(&mut [0]) {
        let home = fiber::current().home().unwrap();
        stream.write_all(&[home as u8]).unwrap();
    }
}

/// Talks over 1,000 connections, all of which stay open, and counts who serves them.
fn homes(address: std::net::SocketAddr, workers: usize) -> Vec<usize> {
    let client = std::thread::spawn(move || {
        let mut counts = vec![0; workers];
        let ask = |stream: &mut std::net::TcpStream| {
            stream.write_all(b"?").unwrap();
            let mut home = [0];
            stream.read_exact(&mut home).unwrap();
            home[0] as usize
        };
        let mut streams: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                ask(&mut stream);
                stream
            })
            .collect();
        for stream in &mut streams {
            counts[ask(stream)] += 1;
        }
        counts
    });
    while !client.is_finished() {
        sisal::sleep(std::time::Duration::from_millis(1));
    }
    client.join().unwrap()
}

fn assert_even(counts: &[usize]) {
    let fair = CONNECTIONS / counts.len();
    assert!(
        counts.iter().all(|count| (fair * 8 / 10..=fair * 12 / 10).contains(count)),
        "{counts:?} connections on the workers"
    );
}

#[test]
fn one_acceptor_spreads_its_connections() {
    for workers in [2, 4] {
        let counts = on(workers, || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let acceptor = fiber::spawn(move || {
                for stream in listener.incoming() {
                    let Ok(stream) = stream else { return };
                    fiber::spawn(move || serve(stream));
                }
            });
            let counts = homes(address, workers);
            acceptor.cancel();
            acceptor.join().unwrap();
            counts
        });
        assert_even(&counts);
    }
}

/// The kernel draws the listener of each connection: 250 of 1,000 with a standard deviation of 14.
#[test]
fn a_listener_for_each_worker_keeps_its_connections() {
    const WORKERS: usize = 4;
    let counts = on(WORKERS, || {
        assert_eq!(runtime::current_handle().workers(), WORKERS);
        let listeners = ListenOptions::new().tcp_group("127.0.0.1:0", WORKERS).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let acceptors: Vec<_> = listeners
            .into_iter()
            .enumerate()
            .map(|(worker, listener)| {
                let accept = move || {
                    for stream in listener.incoming() {
                        let Ok(stream) = stream else { return };
                        assert_eq!(fiber::current().home(), Some(worker));
                        fiber::Builder::new().home(worker).spawn(move || serve(stream)).unwrap();
                    }
                };
                fiber::Builder::new().home(worker).spawn(accept).unwrap()
            })
            .collect();
        let counts = homes(address, WORKERS);
        for acceptor in acceptors {
            acceptor.cancel();
            acceptor.join().unwrap();
        }
        counts
    });
    assert_eq!(counts.iter().sum::<usize>(), CONNECTIONS);
    assert!(counts.iter().all(|count| (150..=350).contains(count)), "{counts:?}");
}
