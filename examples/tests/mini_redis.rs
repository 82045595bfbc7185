//! The small Redis: what its commands answer, pipelines, topics, and who is sent away.
//!
//! Method: the built example as a child process; requests and answers are compared as they are on the wire.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use support::{Server, start};

/// What a conversation in lines of words gives.
#[track_caller]
fn assert_talk(server: &Server, talk: &[(&str, &str)]) {
    let asked: String = talk.iter().map(|(command, _)| format!("{command}\r\n")).collect();
    let expected: String = talk.iter().map(|(_, answer)| answer.replace(' ', "\r\n") + "\r\n").collect();
    assert_eq!(server.ask(&asked), expected.replace('_', " "));
}

#[test]
fn commands() {
    let server = start("mini_redis", &[]);
    let wrong_kind = "-WRONGTYPE_Operation_against_a_key_holding_the_wrong_kind_of_value";
    let no_number = "-ERR_value_is_not_an_integer_or_out_of_range";
    assert_talk(
        &server,
        &[
            ("ping", "+PONG"),
            ("GET a", "$-1"),
            ("SET a 1", "+OK"),
            ("GET a", "$1 1"),
            ("INCR a", ":2"),
            ("INCRBY a 40", ":42"),
            ("DECR b", ":-1"),
            ("SET c x", "+OK"),
            ("INCR c", no_number),
            ("SET c y NX", "$-1"),
            ("SET d y XX", "$-1"),
            ("SET c z XX EX 100", "+OK"),
            ("TTL c", ":100"),
            ("TTL a", ":-1"),
            ("TTL nothing", ":-2"),
            ("EXPIRE a 100", ":1"),
            ("PERSIST a", ":1"),
            ("TTL a", ":-1"),
            ("EXPIRE a 0", ":1"),
            ("GET a", "$-1"),
            ("MSET m 1 n 2", "+OK"),
            ("MGET m nothing n", "*3 $1 1 $-1 $1 2"),
            ("LPUSH l 3 2 1", ":3"),
            ("RPUSH l 4", ":4"),
            ("LRANGE l 0 -1", "*4 $1 1 $1 2 $1 3 $1 4"),
            ("LRANGE l 1 2", "*2 $1 2 $1 3"),
            ("LRANGE l -2 100", "*2 $1 3 $1 4"),
            ("LRANGE l -100 -4", "*1 $1 1"),
            ("LRANGE l 3 1", "*0"),
            ("LRANGE l 9 12", "*0"),
            ("LRANGE l -100 -90", "*0"),
            ("LLEN l", ":4"),
            ("GET l", wrong_kind),
            ("LPUSH m 1", wrong_kind),
            ("LPOP l", "$1 1"),
            ("RPOP l", "$1 4"),
            ("DEL l m nothing", ":2"),
            ("EXISTS n l n", ":2"),
            ("DBSIZE", ":3"),
            ("FLUSHALL", "+OK"),
            ("DBSIZE", ":0"),
            ("GET", "-ERR_unknown_command_or_wrong_number_of_arguments_for_'GET'"),
            ("QUIT", "+OK"),
        ],
    );
    assert_eq!(server.ask("*1\r\n$4\r\nPING\r\n*x\r\n"), "+PONG\r\n-ERR Protocol error: invalid length\r\n");
    server.stop();
}

#[test]
fn expired_by_itself() {
    let server = start("mini_redis", &[]);
    assert_talk(&server, &[("SET a 1 PX 1", "+OK"), ("SET b 1 PX 60000", "+OK")]);
    // Nobody asks for the key; only the sweeper can have removed it.
    while server.ask("DBSIZE\r\n") != ":1\r\n" {
        std::thread::yield_now();
    }
    server.stop();
}

#[test]
fn pipelines_of_many_at_once() {
    let server = start("mini_redis", &[]);
    let commands = "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n".repeat(1_000);
    let last = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(|| server.ask(&commands))).collect();
        let answers = clients.into_iter().map(|client| client.join().unwrap());
        answers
            .map(|answer| {
                assert_eq!(answer.lines().count(), 1_000);
                answer.lines().last().unwrap()[1..].parse::<u32>().unwrap()
            })
            .max()
    });
    assert_eq!(last, Some(8_000));
    server.stop();
}

#[track_caller]
fn expect(stream: &mut TcpStream, text: &str) {
    let mut bytes = vec![0; text.len()];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), text);
}

#[test]
fn topics() {
    let server = start("mini_redis", &[]);
    let mut subscribers: Vec<_> = (0..10).map(|_| server.connect()).collect();
    for subscriber in &mut subscribers {
        subscriber.write_all(b"SUBSCRIBE news other\r\n").unwrap();
        expect(
            subscriber,
            "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$5\r\nother\r\n:2\r\n",
        );
    }
    assert_eq!(server.ask("PUBLISH news first\r\nPUBLISH nobody x\r\n"), ":10\r\n:0\r\n");
    for subscriber in &mut subscribers {
        expect(subscriber, "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nfirst\r\n");
        subscriber.write_all(b"UNSUBSCRIBE news\r\nPING\r\n").unwrap();
        expect(subscriber, "*3\r\n$11\r\nunsubscribe\r\n$4\r\nnews\r\n:1\r\n+PONG\r\n");
    }
    drop(subscribers.pop());
    while server.ask("PUBLISH other second\r\n") != ":9\r\n" {
        std::thread::yield_now();
    }
    assert_eq!(server.ask("PUBLISH news third\r\n"), ":0\r\n");
    server.stop();
}

/// A subscriber that takes nothing is sent away, and holds nobody up.
#[test]
fn a_subscriber_that_does_not_listen() {
    let server = start("mini_redis", &[]);
    let mut deaf = server.connect();
    deaf.write_all(b"SUBSCRIBE news\r\n").unwrap();
    expect(&mut deaf, "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
    let message = format!("PUBLISH news {}\r\n", "x".repeat(4_000)).repeat(500);
    let before = server.resident();
    let mut rounds = 0;
    while server.ask(&message).ends_with(":1\r\n") {
        rounds += 1;
        assert!(rounds < 1_000, "it is still there");
    }
    if let (Some(before), Some(after)) = (before, server.resident()) {
        assert!(after < before + (32 << 20), "{before} bytes before, {after} after");
    }
    server.stop();
}
