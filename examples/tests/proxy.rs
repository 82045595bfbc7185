//! The proxy passes everything on, in both directions, the ends included; and a server that is not there is a closed door.
//!
//! Method: the built example as a child process, in front of the echo example and of a server of the test's own.

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;
use support::start;

#[test]
fn both_ways_at_once_and_much_of_it() {
    let echo = start("echo", &[]);
    let proxy = start("proxy", &[&echo.address]);
    let bytes: Vec<u8> = (0..8_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let client = proxy.connect();
                thread::scope(|inner| {
                    inner.spawn(|| {
                        (&client).write_all(&bytes).unwrap();
                        client.shutdown(Shutdown::Write).unwrap();
                    });
                    let mut back = Vec::new();
                    (&client).read_to_end(&mut back).unwrap();
                    assert!(back == bytes, "{} bytes came back", back.len());
                });
            });
        }
    });
    proxy.stop();
    echo.stop();
}

/// The client says that it has finished, the server hears it and answers then; and the other way round.
#[test]
fn half_closed_in_either_direction() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = start("proxy", &[&listener.local_addr().unwrap().to_string()]);
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut question = String::new();
        stream.read_to_string(&mut question).unwrap();
        write!(stream, "{question}? yes").unwrap();
        drop(stream);

        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"goodbye").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut last_words = String::new();
        stream.read_to_string(&mut last_words).unwrap();
        last_words
    });
    assert_eq!(proxy.ask("really"), "really? yes");
    let mut client = proxy.connect();
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "goodbye");
    client.write_all(b"one more thing").unwrap();
    drop(client);
    assert_eq!(server.join().unwrap(), "one more thing");
    proxy.stop();
}

#[test]
fn nobody_there() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let proxy = start("proxy", &[&free]);
    assert_eq!(proxy.connect().read_to_end(&mut Vec::new()).unwrap(), 0);
    proxy.stop();
}
