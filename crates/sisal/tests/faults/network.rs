//! What a network does: it loses packets, answers nothing, is slow, and the system ends connections by itself.

use crate::bench::in_child;
use crate::server::{Server, client, descriptors, eventually, talk};
use sisal::net::{TcpListener, TcpStream};
use sisal::runtime::Runtime;
use sisal::time;
use std::io::{ErrorKind, Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};

/// A network of its own for a child, with nothing but a loopback, as `script` makes it.
fn own_network(script: &str) -> Vec<String> {
    let script = format!("ip link set lo up && {script} && exec \"$@\"");
    ["unshare", "--net", "sh", "-c", &script, "sh"].map(str::to_owned).to_vec()
}

fn in_own_network(test: &str, script: &str, f: impl FnOnce()) {
    let tool = own_network(script);
    let tool: Vec<_> = tool.iter().map(String::as_str).collect();
    in_child(test, &tool, || {
        let runtime = Runtime::builder().workers(2).hog_threshold(Duration::MAX).build().unwrap();
        runtime.run(|| sisal::blocking(|| ()));
        drop(runtime);
        f();
    });
}

/// Four connections that echo so many bytes each, to the last one.
fn echo_over_it(bytes: usize) {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    runtime.run(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        sisal::scope(|s| {
            s.spawn(move || {
                sisal::scope(|s| {
                    for stream in listener.incoming().take(4) {
                        let mut stream = stream.unwrap();
                        s.spawn(move || {
                            let mut writer = stream.try_clone().unwrap();
                            std::io::copy(&mut stream, &mut writer).unwrap();
                        });
                    }
                });
            });
            for first in 0..4 {
                s.spawn(move || {
                    let sent: Vec<u8> = (first..first + bytes).map(|n| (n % 251) as u8).collect();
                    let mut stream = TcpStream::connect(address).unwrap();
                    let mut writer = stream.try_clone().unwrap();
                    sisal::scope(|s| {
                        s.spawn(|| {
                            writer.write_all(&sent).unwrap();
                            writer.shutdown(std::net::Shutdown::Write).unwrap();
                        });
                        let mut received = Vec::new();
                        stream.read_to_end(&mut received).unwrap();
                        assert!(received == sent);
                    });
                });
            }
        });
    });
    runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
}

#[test]
fn every_tenth_packet_is_lost() {
    let script = "nft add table inet f && nft 'add chain inet f in { type filter hook input priority 0; }' \
                  && nft add rule inet f in numgen random mod 10 == 0 drop";
    in_own_network("network::every_tenth_packet_is_lost", script, || echo_over_it(50_000));
}

#[test]
fn a_line_that_is_slow() {
    let script = "ip link set lo mtu 1500 && tc qdisc add dev lo root tbf rate 20mbit burst 8kb latency 20ms";
    in_own_network("network::a_line_that_is_slow", script, || echo_over_it(100_000));
}

#[test]
fn an_address_that_does_not_answer() {
    let script = "nft add table inet f && nft 'add chain inet f in { type filter hook input priority 0; }' \
                  && nft add rule inet f in tcp dport 9 drop";
    in_own_network("network::an_address_that_does_not_answer", script, || {
        let runtime = Runtime::builder().workers(2).build().unwrap();
        runtime.run(|| {
            let silent = "127.0.0.1:9".parse().unwrap();
            let start = Instant::now();
            let error =
                TcpStream::connect_timeout(&silent, Duration::from_millis(100)).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            let soon = Instant::now() + Duration::from_millis(100);
            let error = time::with_deadline(soon, || TcpStream::connect(silent)).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert!(start.elapsed() >= Duration::from_millis(200));
            let connects = sisal::spawn(move || TcpStream::connect(silent).map(drop).unwrap_err());
            sisal::yield_now();
            connects.cancel();
            assert_eq!(connects.join().unwrap().to_string(), "cancelled");
        });
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    });
}

/// Ends the server's connections as an administrator does; `false` if that cannot be done here.
fn kill_connections(port: u16) -> bool {
    let filter = ["sport".to_owned(), "=".to_owned(), format!(":{port}")];
    let output = Command::new("ss").args(["--kill", "--tcp", "state", "established"]).args(filter).output();
    output.is_ok_and(|output| output.status.success())
}

#[test]
fn connections_that_the_system_ends() {
    let server = Server::start();
    let before = descriptors(server.pid());
    let mut clients: Vec<_> = (0..30).map(|_| client(server.address)).collect();
    clients.iter_mut().for_each(|client| talk(client, b"begun"));
    let half = clients.split_off(15);
    if !kill_connections(server.address.port()) {
        return eprintln!("not shown: `ss` is not installed, or not allowed here");
    }
    let is_ended = |mut client: std::net::TcpStream| {
        client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        !matches!(client.read(&mut [0]), Ok(1..))
    };
    assert!(clients.into_iter().all(is_ended) && half.into_iter().all(is_ended));
    eventually("no descriptor is left", || descriptors(server.pid()) == before);
    talk(&mut client(server.address), b"still there");
    server.end();
}
